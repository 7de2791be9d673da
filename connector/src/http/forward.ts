/** One request to the app and its answer, streamed both ways. */
import { AppError } from '@postern/shared/errors';
import {
  encodeFields,
  encodeResponseHead,
  TIMING_FIELD,
  type Field,
} from '@postern/shared/protocol/http';
import type { SessionStream } from '@postern/shared/protocol/session';
import type { Dispatcher } from 'undici';
import type { CookieOwner, CookieSealer } from '../cookies/seal.ts';
import type { AppPool } from './app-pool.ts';
import { OrderedWriter } from './ordered-writer.ts';
import type { RequestBody } from './request-body.ts';
import { buildResponseFields } from './response-fields.ts';

export interface ForwardRequest {
  method: string;
  /** Origin form. */
  path: string;
  fields: readonly Field[];
  body: RequestBody;
}

export interface ForwardContext {
  app: AppPool;
  owner: CookieOwner;
  sealer: CookieSealer;
  /** Ends the exchange: the browser went away. */
  signal: AbortSignal;
  /** Told the final status and the bytes of the response as they become known. */
  onStatus(status: number): void;
  onBytes(bytes: number): void;
  /**
   * Judges the final head of an answer for the page of another origin: what goes on to the browser of it.
   * What it throws ends the exchange. Informational heads and trailers are kept back then.
   */
  judge?: (status: number, raw: readonly Buffer[]) => readonly Field[];
  /** Monotonic clock in ms; with it, heads tell how long the application took. */
  now?: () => number;
}

/** Informational heads passed on for one request; the browser's side holds few unread ones. */
const MAX_INFORMATIONAL = 4;

/**
 * Sends a request to the app and its answer, informational heads and trailers included, to the
 * stream. Resolves when the answer was handed over to its end.
 *
 * Rejects with `ERR_APP_UNREACHABLE` (no connection), `ERR_APP_TIMEOUT` (no head in time),
 * `ERR_APP_FAILED` (broke off before its end, or not HTTP), or what the body's chunks threw.
 */
export function forward(
  stream: SessionStream,
  request: ForwardRequest,
  context: ForwardContext,
): Promise<void> {
  const { app, signal } = context;
  return new Promise<void>((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let bodyError: unknown;
    let informational = 0;
    const sentAtMs = context.now?.() ?? 0;
    const abort = (reason: unknown) =>
      controller?.abort(reason instanceof Error ? reason : new Error('aborted'));
    const onAbort = () => abort(signal.reason);
    const settle = (finish: () => void) => {
      signal.removeEventListener('abort', onAbort);
      finish();
    };
    const writer = new OrderedWriter(stream, () => controller?.resume(), abort);
    signal.addEventListener('abort', onAbort, { once: true });

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        controller = started;
        if (signal.aborted) onAbort();
      },
      onResponseStart(started, status) {
        const { judge } = context;
        if (status < 200 && (judge || (informational += 1) > MAX_INFORMATIONAL)) return;
        const raw = started.rawHeaders as Buffer[];
        let fields: readonly Field[];
        try {
          fields = judge
            ? judge(status, raw)
            : [
                ...buildResponseFields(raw, context.owner, context.sealer),
                ...(status >= 200 && context.now ? [timingField(context.now() - sentAtMs)] : []),
              ];
        } catch (error) {
          abort(error);
          return;
        }
        stream.sendHead(encodeResponseHead({ status, fields }));
        if (status >= 200) context.onStatus(status);
      },
      onResponseData(started, chunk) {
        context.onBytes(chunk.length);
        if (!writer.write(chunk)) started.pause();
      },
      onResponseEnd(started) {
        const raw = context.judge ? [] : (started.rawTrailers as Buffer[]);
        const trailers = buildResponseFields(raw, context.owner, context.sealer);
        void writer
          .end(trailers.length === 0 ? undefined : encodeFields(trailers))
          .then(() => settle(resolve));
      },
      onResponseError(_started, error) {
        settle(() => reject(toForwardError(bodyError ?? error, controller !== undefined)));
      },
    };
    try {
      app.pool.dispatch(
        {
          method: request.method,
          path: request.path,
          headers: request.fields.flat(),
          body:
            request.body.kind === 'none'
              ? null
              : noteFailure(request.body.chunks, (error) => (bodyError = error)),
          ...(app.servername !== undefined && { servername: app.servername }),
        } as Dispatcher.DispatchOptions,
        handler,
      );
    } catch (error) {
      settle(() => reject(toForwardError(error, false)));
    }
  });
}

/**
 * How long the application took for its head, for whoever looks for the slow part of the way
 * (docs/protocol.md, "HTTP in a stream"). The application's own `postern-*` fields were dropped before.
 */
function timingField(elapsedMs: number): Field {
  return [TIMING_FIELD, `application;dur=${Math.max(0, elapsedMs).toFixed(1)}`];
}

/** Keeps the error of our side of the body: undici reports only that its connection ended. */
async function* noteFailure(
  chunks: AsyncIterable<Uint8Array>,
  note: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    note(error);
    throw error;
  }
}

const timeoutCodes = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
/** The request is at fault, not the app: it does not match its own `content-length`, or undici refuses it. */
const requestCodes = new Set(['UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'UND_ERR_INVALID_ARG']);

function toForwardError(error: unknown, hadConnection: boolean): AppError {
  if (error instanceof AppError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (requestCodes.has(code)) {
    return new AppError('ERR_HTTP_REQUEST_INVALID', 'request is not well-formed', {
      cause: error,
      status: 400,
    });
  }
  if (timeoutCodes.has(code)) {
    return new AppError('ERR_APP_TIMEOUT', 'application did not answer in time', { cause: error });
  }
  if (!hadConnection) {
    return new AppError('ERR_APP_UNREACHABLE', 'application cannot be reached', {
      cause: error,
      retryable: true,
    });
  }
  return new AppError('ERR_APP_FAILED', 'application broke off its answer', { cause: error });
}
