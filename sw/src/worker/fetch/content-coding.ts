/**
 * Content codings. A browser does not decode the body of a synthetic response, so the worker does,
 * and asks applications only for what it can decode.
 */
import { AppError } from '@postern/shared/errors';
import type { ReadChunk } from '../documents/inject.ts';

/** Coding → name of the format in the Compression Standard. */
const FORMATS: Partial<Record<string, string>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'brotli',
  zstd: 'zstd',
};

/** `Accept-Encoding` for what this browser's `DecompressionStream` knows. */
export function acceptEncoding(): string {
  return ['gzip', 'br', 'zstd'].filter((coding) => createDecoder(coding) !== undefined).join(', ');
}

/**
 * The codings of a response to undo, in the order applied, without `identity`. None if one is not a
 * coding at all (`none`, `utf-8`): browsers then take the body as it came, and so do pages.
 */
export function contentCodings(header: string | undefined): string[] {
  const codings = (header ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  return codings.every((coding) => Object.hasOwn(FORMATS, coding)) ? codings : [];
}

/** `read` with all `codings` undone. Throws `ERR_SW_CONTENT_CODING` for one that this browser lacks. */
export function decodeBody(read: ReadChunk, codings: readonly string[]): ReadChunk {
  if (codings.length === 0) return read;
  const decoders = codings.toReversed().map((coding) => {
    const decoder = createDecoder(coding);
    if (decoder === undefined) {
      throw new AppError(
        'ERR_SW_CONTENT_CODING',
        'the application used a content coding that this browser lacks',
      );
    }
    return decoder;
  });
  const coded = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const chunk = await read();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk as Uint8Array<ArrayBuffer>);
      },
    },
    { highWaterMark: 0 },
  );
  const reader = decoders
    .reduce((stream, decoder) => stream.pipeThrough(decoder), coded)
    .getReader();
  return async () => (await reader.read()).value;
}

function createDecoder(coding: string): DecompressionStream | undefined {
  const format = FORMATS[coding];
  if (format === undefined) return undefined;
  try {
    // Which formats exist differs by browser; the constructor is the only way to ask.
    return new DecompressionStream(format as CompressionFormat);
  } catch {
    return undefined;
  }
}
