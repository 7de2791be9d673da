/**
 * Content codings. A browser does not decode the body of a synthetic response, so the worker does,
 * and asks applications only for what it can decode.
 */
import { AppError } from '@postern/shared/errors';

const FORMATS: Record<string, string> = {
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

/** The codings a response carries, outermost last, without `identity`. */
export function contentCodings(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
}

/** `body` with all `codings` undone. Throws `ERR_SW_CONTENT_CODING` for an unknown one. */
export function decodeBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  codings: readonly string[],
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return codings.toReversed().reduce((stream, coding) => {
    const decoder = createDecoder(coding);
    if (decoder === undefined) {
      throw new AppError(
        'ERR_SW_CONTENT_CODING',
        'the application used a content coding nobody asked for',
      );
    }
    return stream.pipeThrough(decoder);
  }, body);
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
