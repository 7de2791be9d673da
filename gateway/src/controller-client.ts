/** Questions to the controllers: the one that answered last is asked first, the others while none does. */
import { AppError } from '@postern/shared/errors';

export interface ControllerClientOptions {
  /** Base URLs of the controllers' public listeners, as the gateway reaches them. */
  controllerUrls: readonly string[];
  fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/** Questions under way at a time; beyond, they fail at once. */
export const MAX_LOOKUPS = 64;
/** For one question, however many controllers are asked. */
const TIMEOUT_MS = 5_000;

/** Asks `path` (below `/postern/v1`); `read` makes the answer of a response or throws to have another one asked. */
export type AskController = <T>(
  path: string,
  etag: string | undefined,
  read: (response: Response) => Promise<T>,
) => Promise<T>;

/** The function throws an AggregateError when no controller answered. */
export function createControllerClient(options: ControllerClientOptions): AskController {
  const controllerUrls = [...options.controllerUrls];
  let running = 0;

  return async (path, etag, read) => {
    if (running >= MAX_LOOKUPS) throw new Error('too many lookups at a time');
    running += 1;
    try {
      const failures: unknown[] = [];
      for (const url of [...controllerUrls]) {
        try {
          const response = await options.fetch(`${url}/postern/v1${path}`, {
            headers: {
              accept: 'application/json',
              ...(etag !== undefined && { 'if-none-match': etag }),
            },
            redirect: 'manual',
            signal: AbortSignal.timeout(TIMEOUT_MS / controllerUrls.length),
          });
          return await read(response);
        } catch (error) {
          failures.push(error);
          // The next lookup begins with another one.
          if (controllerUrls[0] === url) controllerUrls.push(...controllerUrls.splice(0, 1));
        }
      }
      throw new AggregateError(failures, 'no controller answered');
    } finally {
      running -= 1;
    }
  };
}

/** Reads a body of at most `maxBytes`, counted while it arrives. @throws AppError `ERR_GATEWAY_ANSWER` */
export async function readBytes(
  response: Response,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const next = await reader?.read();
    if (next === undefined || next.done) break;
    length += next.value.byteLength;
    if (length > maxBytes) {
      await reader?.cancel();
      throw new AppError('ERR_GATEWAY_ANSWER', 'the answer is too long');
    }
    chunks.push(next.value);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
