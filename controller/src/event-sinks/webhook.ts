/** Events to an HTTP endpoint: signed, one at a time, tried again with growing delays. */
import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@postern/shared/errors';
import { Agent, request } from 'undici';
import type { LiveEvent } from '../live/live-event.ts';

const TIMEOUT_MS = 10_000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 60_000;

export interface WebhookOptions {
  url: string;
  secret: string;
  maxAttempts: number;
  /** Injected by tests. Default: exponential, of which a random half is waited at most. */
  delayMs?: (attempt: number) => number;
}

export interface Webhook {
  /** @throws AppError `ERR_EVENTS_WEBHOOK` when every attempt failed; or what `signal` says */
  deliver(event: LiveEvent, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** `t=<seconds>,v1=<hex>`: HMAC-SHA-256 of `<seconds>.<body>`, so that an old one cannot be sent again later. */
function signBody(secret: string, body: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}

export function createWebhook(options: WebhookOptions): Webhook {
  const { url, secret, maxAttempts, delayMs = backOff } = options;
  const dispatcher = new Agent({ connections: 1 });
  const post = async (
    body: string,
    id: string,
    signal: AbortSignal,
  ): Promise<string | undefined> => {
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'postern',
      'postern-event-id': id,
      'postern-signature': signBody(secret, body, Date.now()),
    };
    const either = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      const response = await request(url, {
        method: 'POST',
        dispatcher,
        body,
        headers,
        signal: either,
      });
      // What it answers is of no interest, however long.
      response.body.destroy();
      response.body.on('error', () => undefined);
      const { statusCode } = response;
      return statusCode >= 200 && statusCode < 300 ? undefined : `status ${statusCode}`;
    } catch (error) {
      signal.throwIfAborted();
      return error instanceof Error ? error.message : 'unknown';
    }
  };
  return {
    deliver: async (event, signal) => {
      const body = JSON.stringify(event);
      let problem: string | undefined;
      for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
        problem = await post(body, event.id, signal);
        if (problem === undefined) return;
        if (attempt < maxAttempts) await delay(delayMs(attempt), undefined, { signal });
      }
      throw new AppError('ERR_EVENTS_WEBHOOK', `not taken in ${maxAttempts} attempts: ${problem}`);
    },
    close: () => dispatcher.destroy(),
  };
}

function backOff(attempt: number): number {
  const fullMs = Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), MAX_DELAY_MS);
  return fullMs / 2 + (Math.random() * fullMs) / 2;
}
