/**
 * The body of a page's request, as chunks. Chromium and WebKit give a stream; Firefox gives none, so
 * the body is spooled as a Blob (which the browser may keep on disk) and read from there.
 */

export interface RequestBody {
  /** Exact length where it is known without waiting. */
  length: number | undefined;
  chunks(): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Nobody will read it: lets the browser drop it. */
  cancel(): void;
}

/** Most bytes, and longest time, spent on finding the length of a streamed body. */
const SMALL_BODY_BYTES = 65_536;
const SMALL_BODY_WAIT_MS = 50;

/** The body, or `undefined` when there is none. Consumes `request`. */
export async function openRequestBody(request: Request): Promise<RequestBody | undefined> {
  if (request.method === 'GET' || request.method === 'HEAD') return undefined;
  // `body` is missing from Firefox's Request, and null where a request has no body.
  const stream = (request as { body?: ReadableStream<Uint8Array<ArrayBuffer>> | null }).body;
  if (stream === null) return undefined;
  if (stream !== undefined) return openStream(stream.getReader());
  const blob = await request.blob();
  // Nothing tells an empty body from none here: neither has bytes, and servers expect the length.
  return {
    length: blob.size,
    chunks: () => readAll(blob.stream().getReader()),
    cancel: () => undefined,
  };
}

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

/**
 * Looks a little ahead, so that small bodies (all forms and API calls) get a `content-length`, which
 * not every application can do without.
 */
async function openStream(reader: Reader): Promise<RequestBody> {
  const deadline = new Promise<'late'>((resolve) =>
    setTimeout(resolve, SMALL_BODY_WAIT_MS, 'late'),
  );
  const ahead: Uint8Array<ArrayBuffer>[] = [];
  let pending: ReturnType<Reader['read']> | undefined;
  let length = 0;
  let ended = false;
  while (length < SMALL_BODY_BYTES) {
    pending = reader.read();
    const next = await Promise.race([pending, deadline]);
    if (next === 'late') break;
    pending = undefined;
    if (next.done) {
      ended = true;
      break;
    }
    ahead.push(next.value);
    length += next.value.length;
  }
  return {
    length: ended ? length : undefined,
    async *chunks() {
      yield* ahead;
      if (ended) return;
      const late = await pending;
      if (late?.done === true) return;
      if (late !== undefined) yield late.value;
      yield* readAll(reader);
    },
    cancel: () => void reader.cancel().catch(() => undefined),
  };
}

async function* readAll(reader: Reader): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (;;) {
    const next = await reader.read();
    if (next.done) return;
    yield next.value;
  }
}
