/** What a page's response is made of, wherever it came from: the application or the cache. */
import { contentLengthOf, type Field } from '@postern/shared/protocol/http';
import { ResetCode } from '@postern/shared/protocol/session';
import type { ReadChunk } from '../documents/inject.ts';
import { contentCodings, decodeBody } from './content-coding.ts';
import type { ExchangeResponse } from './exchange.ts';
import { readBody } from './response-body.ts';
import { fieldValue, NULL_BODY_STATUSES } from './response-fields.ts';

export interface ResponseSource {
  status: number;
  /** Where it is not the usual one. */
  statusText?: string;
  fields: readonly Field[];
  /** The decoded body; `undefined` where the response has none. */
  read: ReadChunk | undefined;
  /** Nobody wants the rest. */
  cancel: (reason: string) => void;
}

/** The application's answer. Throws `ERR_HTTP_INVALID` and `ERR_SW_CONTENT_CODING`. */
export function sourceOf(answer: ExchangeResponse, method: string): ResponseSource {
  const { status, fields, stream } = answer;
  const cancel = (reason: string): void => stream.reset(ResetCode.cancelled, reason);
  if (method === 'HEAD' || NULL_BODY_STATUSES.has(status)) {
    // The authenticated end still has to come; what should not be there is let go.
    void stream.read().catch(() => undefined);
    return { status, fields, read: undefined, cancel };
  }
  const codings = contentCodings(fieldValue(fields, 'content-encoding'));
  const read = decodeBody(readBody(stream, contentLengthOf(fields)), codings);
  // The length on the wire is not that of the decoded body.
  const used = codings.length > 0 ? ['content-encoding', 'content-length'] : ['content-encoding'];
  return { status, fields: fields.filter(([name]) => !used.includes(name)), read, cancel };
}
