/** One request to the application: head, body, and the response's head. */
import { isAppError } from '@postern/shared/errors';
import {
  applicationTimeMs,
  decodeResponseHead,
  encodeRequestHead,
  isInformational,
  type RequestHead,
  type ResponseHead,
} from '@postern/shared/protocol/http';
import {
  beginWorkerTrace,
  formatTraceparent,
  formatWorkerTrace,
  TRACE_FIELD,
} from '@postern/shared/protocol/trace';
import {
  ResetCode,
  type SecureSession,
  type SessionStream,
} from '@postern/shared/protocol/session';
import type { RequestTrace } from '../diagnostics/request-log.ts';
import type { RequestBody } from './request-body.ts';
import type { StreamQueue } from './stream-queue.ts';

export interface ExchangeResponse extends ResponseHead {
  /** Positioned at the body, or at the messages of a WebSocket. */
  stream: SessionStream;
}

export interface ExchangeOptions {
  /** The session; `traceparent` is of the request, should a circuit have to be dialed for it. */
  session: (traceparent: string) => Promise<SecureSession>;
  /** Told of each step, for the status page. */
  trace?: Pick<RequestTrace, 'connected' | 'opened' | 'head'>;
  streams: StreamQueue;
}

/** Methods that may be sent twice without harm, as far as a lost answer goes (RFC 9110 §9.2.1). */
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Sends a request and waits for its final head. When the session is lost before any answer, a
 * harmless request is sent once more over a new one. Rejects with the reason
 * the stream or session ended. `signal` ends the exchange at once, also while the answer streams.
 */
export async function exchange(
  options: ExchangeOptions,
  head: RequestHead,
  body?: RequestBody,
  signal?: AbortSignal,
): Promise<ExchangeResponse> {
  const beganMs = performance.now();
  const trace = beginWorkerTrace(head.fields.find(([name]) => name === 'traceparent')?.[1]);
  const connect = () => options.session(formatTraceparent(trace.context));
  /** The head with what the connector is to know of the trace, at the moment it is sent. */
  const traced = (): RequestHead => {
    const value = formatWorkerTrace({ ...trace, ageMs: performance.now() - beganMs });
    return { ...head, fields: [...head.fields, [TRACE_FIELD, value]] };
  };
  const session = await connect();
  options.trace?.connected();
  signal?.throwIfAborted();
  try {
    return await send(options, session, traced(), body, signal);
  } catch (error) {
    const isRepeatable = REPEATABLE.has(head.method) && body === undefined;
    const ended = await Promise.race([session.closed, Promise.resolve(undefined)]);
    if (!isRepeatable || ended?.retryable !== true || signal?.aborted === true) throw error;
    return send(options, await connect(), traced(), body, signal);
  }
}

async function send(
  { streams, trace }: ExchangeOptions,
  session: SecureSession,
  head: RequestHead,
  body: RequestBody | undefined,
  signal: AbortSignal | undefined,
): Promise<ExchangeResponse> {
  const stream = await streams.open(session, encodeRequestHead(head));
  trace?.opened();
  const giveUp = (): void => stream.reset(ResetCode.cancelled, 'the page gave up');
  if (signal?.aborted === true) giveUp();
  signal?.addEventListener('abort', giveUp, { once: true });
  if (!head.webSocket) void sendBody(stream, body);
  try {
    for (;;) {
      const { status, fields } = decodeResponseHead(await stream.nextHead());
      if (isInformational(status)) continue;
      trace?.head(applicationTimeMs(fields));
      return { status, fields, stream };
    }
  } catch (error) {
    stream.reset(ResetCode.protocolError, 'no valid response head');
    throw error;
  }
}

/** A body that breaks off resets the stream, which the side that waits for the head sees. */
async function sendBody(stream: SessionStream, body: RequestBody | undefined): Promise<void> {
  try {
    if (body !== undefined) for await (const chunk of body.chunks()) await stream.write(chunk);
    await stream.end();
  } catch (error) {
    body?.cancel();
    stream.reset(ResetCode.cancelled, isAppError(error) ? error.code : 'ERR_REQUEST_BODY');
  }
}
