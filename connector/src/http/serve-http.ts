/** Serves `http` streams: rules, identity and cookies are applied here, then the app is asked. */
import { noTracer, type Tracer } from '@postern/node/tracing';
import { AppError, isAppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import {
  contentLengthOf,
  decodeRequestHead,
  type RequestHead,
} from '@postern/shared/protocol/http';
import { ResetCode, type SessionStream } from '@postern/shared/protocol/session';
import type { HostedServiceConfig } from '../config.ts';
import type { CookieSealer } from '../cookies/seal.ts';
import type { ExchangeEnd } from '../metrics.ts';
import type { AppPool } from './app-pool.ts';
import type { Preflights } from './cross-origin/preflight.ts';
import { serveCrossOrigin } from './cross-origin/serve-cross-origin.ts';
import type { CallerRate } from './caller-rate.ts';
import { forward } from './forward.ts';
import { resetForError, sendProblem } from './problem.ts';
import { openRequestBody } from './request-body.ts';
import { beginRequestSpans, type RequestSpans } from './request-spans.ts';
import { buildRequestFields } from './request-fields.ts';
import { parseRequestTarget } from './request-target.ts';
import { enforceRules } from './rules.ts';
import type { KeptWebSockets, SocketOwner } from './kept-websockets.ts';
import { RESUME_FIELD, serveWebSocket } from './serve-websocket.ts';

export interface HttpServiceContext {
  config: HostedServiceConfig;
  app: AppPool;
  applicationOrigin: string | undefined;
  owner: SocketOwner;
  sealer: CookieSealer;
  /** WebSockets that may be resumed. */
  kept: KeptWebSockets;
  /** Origin of the pages that ask, where it is another one than the application's. */
  via: string | undefined;
  preflights: Preflights;
  /** The session's latest identity assertion. */
  assertion(): string | undefined;
  /** Carries identity, service and circuit. */
  logger: Logger;
  /** Monotonic clock in ms. */
  now(): number;
  /** How often callers may ask. */
  rate?: CallerRate | undefined;
  /** Told how a request ended. */
  onEnd?: ((end: ExchangeEnd, request: RequestFacts) => void) | undefined;
  /** Default: nothing is traced. */
  tracer?: Tracer | undefined;
}

/** What was asked for, without its query. */
export interface RequestFacts {
  readonly method: string;
  readonly path: string;
}

/** Counts of one request, for its log line. */
export interface ExchangeRecord {
  status: number;
  bytesToApp: number;
  bytesToClient: number;
}

/** Serves one stream to its end. Never rejects. */
export async function serveHttp(stream: SessionStream, context: HttpServiceContext): Promise<void> {
  const startedAt = context.now();
  const record: ExchangeRecord = { status: 0, bytesToApp: 0, bytesToClient: 0 };
  let head: RequestHead;
  try {
    head = decodeRequestHead(stream.openHead);
  } catch {
    stream.reset(ResetCode.protocolError, 'ERR_HTTP_REQUEST_INVALID');
    context.logger.warn('http.invalid-head', { stream: stream.id });
    return;
  }
  const path = head.target.split('?', 1)[0] ?? '';
  const { method } = head;
  const facts = { method, path, service: context.config.service };
  const spans = beginRequestSpans(context.tracer ?? noTracer, head.fields, facts);
  let error: string | undefined;
  try {
    await exchange(stream, head, context, record, spans);
  } catch (cause) {
    error = await answerError(stream, cause, record);
  }
  const elapsedMs = context.now() - startedAt;
  const end = { ...record, seconds: elapsedMs / 1000, error };
  context.onEnd?.(end, facts);
  spans?.end(end);
  const ms = Math.round(elapsedMs * 10) / 10;
  context.logger.info('http.request', {
    method,
    path,
    ...record,
    ms,
    ...(context.via !== undefined && { via: context.via }),
    ...(error !== undefined && { error }),
  });
}

async function exchange(
  stream: SessionStream,
  head: RequestHead,
  context: HttpServiceContext,
  record: ExchangeRecord,
  spans: RequestSpans | undefined,
): Promise<void> {
  context.rate?.take(context.owner.identityId);
  if (context.via !== undefined) {
    await serveCrossOrigin(stream, head, context.via, context, record);
    return;
  }
  const { config, app, owner, sealer } = context;
  const target = parseRequestTarget(head.target, config.rules !== undefined);
  enforceRules(config.rules, head.method, target.path);
  const { applicationOrigin } = context;
  const fields = buildRequestFields(head.fields, {
    headers: config.headers,
    host: hostFor(context),
    applicationOrigin,
    assertion: context.assertion(),
    owner,
    sealer,
    traceparent: config.traceContext === 'replace' ? spans?.traceparent : undefined,
  });

  const gone = new AbortController();
  // A stream that ended in order has its answer: aborting then would only cost.
  void stream.closed.then(({ reset }) => {
    if (reset === undefined) return;
    gone.abort(new AppError('ERR_HTTP_CLIENT_GONE', 'the browser ended the request'));
  });
  spans?.sent();
  if (head.webSocket) {
    const resume = head.fields.find(([name]) => name === RESUME_FIELD)?.[1];
    await serveWebSocket(
      stream,
      { path: target.raw, fields, resume },
      { app, owner, sealer, kept: context.kept, signal: gone.signal, record },
    );
    return;
  }

  const answered = new AbortController();
  const body = await openRequestBody(stream, {
    method: head.method,
    contentLength: contentLengthOf(head.fields),
    maxBytes: config.maxRequestBytes,
    signal: AbortSignal.any([gone.signal, answered.signal]),
    onBytes: (bytes) => (record.bytesToApp += bytes),
  });
  await forward(
    stream,
    { method: head.method, path: target.raw, fields, body },
    {
      app,
      owner,
      sealer,
      signal: gone.signal,
      now: () => context.now(),
      onStatus: (status) => (record.status = status),
      onBytes: (bytes) => (record.bytesToClient += bytes),
    },
  );
  if (body.kind === 'stream') {
    answered.abort(new AppError('ERR_HTTP_ANSWERED', 'the app answered before the request ended'));
  }
  await discardRest(stream);
}

/** What the app sees as `Host`. */
export function hostFor({ config, app, applicationOrigin }: HttpServiceContext): string {
  return config.forwardHost === 'application' && applicationOrigin !== undefined
    ? new URL(applicationOrigin).host
    : app.target.host;
}

/** An app may answer before it read the whole request; what still comes is read away. */
export async function discardRest(stream: SessionStream): Promise<void> {
  try {
    while ((await stream.read()) !== undefined);
  } catch {
    // The browser gave up sending, as it may.
  }
}

/** Answers a problem document while that is still possible, otherwise resets. @returns the code */
async function answerError(
  stream: SessionStream,
  error: unknown,
  record: ExchangeRecord,
): Promise<string> {
  if (isAppError(error) && error.status !== undefined && record.status === 0) {
    try {
      record.status = await sendProblem(stream, error);
      await discardRest(stream);
      return error.code;
    } catch {
      // The stream ended meanwhile: fall through to the reset, which is idempotent.
    }
  }
  return resetForError(stream, error);
}
