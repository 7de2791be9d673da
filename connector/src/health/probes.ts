/** One look at an app: resolves when it is as it should be, rejects with what is wrong. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { AppError } from '@postern/shared/errors';
import { Agent, request } from 'undici';
import type { HttpCheck, PortCheck } from './check-config.ts';

/** `signal` ends the probe, which then rejects. */
export type Probe = (signal: AbortSignal) => Promise<void>;

const MAX_BODY_BYTES = 64 * 1024;

/** A TCP connection that is accepted, and closed at once. */
export function portProbe({ address }: Pick<PortCheck, 'address'>): Probe {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(at + 1));
  return async (signal) => {
    const socket = connect({ host, port });
    try {
      await once(socket, 'connect', { signal });
    } finally {
      socket.on('error', () => undefined);
      socket.destroy();
    }
  };
}

/** A response of the right status, with the right text in it. Redirects are not followed. */
export function httpProbe(
  {
    url,
    method,
    body,
    expectStatus,
    expectInBody,
  }: Omit<HttpCheck, 'interval' | 'timeout' | 'actions'>,
  { caFile }: { caFile?: string | undefined } = {},
): Probe {
  const ca = caFile === undefined ? undefined : readFileSync(caFile);
  return async (signal) => {
    // A connection of its own: what keep-alive would hide is what is asked for.
    const dispatcher = new Agent({ pipelining: 0, ...(ca !== undefined && { connect: { ca } }) });
    try {
      const response = await request(url, {
        ...{ method, dispatcher, signal },
        ...(body !== undefined && { body }),
      });
      if (response.statusCode !== expectStatus) throw failed(`status ${response.statusCode}`);
      if (expectInBody === undefined) return;
      if (!(await readStart(response.body)).includes(expectInBody))
        throw failed('the body lacks the text expected');
    } finally {
      await dispatcher.destroy();
    }
  };
}

async function readStart(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    parts.push(part.subarray(0, MAX_BODY_BYTES - length));
    length += part.length;
    if (length >= MAX_BODY_BYTES) break;
  }
  return Buffer.concat(parts).toString('utf8');
}

function failed(message: string): AppError {
  return new AppError('ERR_APP_UNHEALTHY', message, { retryable: true });
}
