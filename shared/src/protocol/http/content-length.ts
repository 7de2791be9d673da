import { AppError } from '../../errors/index.ts';
import type { Field } from './fields.ts';
import { httpError } from './limits.ts';

/**
 * The length that the fields announce; `undefined` if they don't. Repeats must agree (RFC 9110 §8.6);
 * throws `ERR_HTTP_INVALID`.
 */
export function contentLengthOf(fields: readonly Field[]): number | undefined {
  let length: number | undefined;
  for (const [name, value] of fields) {
    if (name !== 'content-length') continue;
    if (!/^\d{1,15}$/.test(value)) throw httpError('malformed content-length');
    const next = Number(value);
    if (length !== undefined && length !== next) throw httpError('contradicting content-length');
    length = next;
  }
  return length;
}

/** Holds a body to its announced length: a short body must never look complete. */
export class ContentLengthCheck {
  readonly #expected: number | undefined;
  #seen = 0;

  /** Of a body whose length is `undefined` nothing is checked. */
  constructor(expected: number | undefined) {
    this.#expected = expected;
  }

  /** Counts a chunk; throws `ERR_HTTP_BODY_LENGTH` as soon as the body is too long. */
  add(bytes: number): void {
    this.#seen += bytes;
    if (this.#expected !== undefined && this.#seen > this.#expected) throw wrongLength();
  }

  /** Throws `ERR_HTTP_BODY_LENGTH` if the body is short. */
  end(): void {
    if (this.#expected !== undefined && this.#seen !== this.#expected) throw wrongLength();
  }
}

function wrongLength(): AppError {
  return new AppError('ERR_HTTP_BODY_LENGTH', 'the body does not match its content-length');
}
