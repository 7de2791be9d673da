import { isReasonCode, reasons } from '../../errors/index.ts';
import type { CloseReason } from '../edge/types.ts';

/** A close reason as GOAWAY's text: the code, a space, the message. */
export function closeReasonToText(reason: CloseReason): string {
  return reason.message === '' ? reason.code : `${reason.code} ${reason.message}`;
}

/** The reverse; text of another form counts as `ERR_SESSION_CLOSED`. */
export function closeReasonFromText(text: string): CloseReason {
  const match = /^(ERR_[A-Z0-9_]{1,60}|OK)(?: (.*))?$/s.exec(text);
  const code = (match?.[1] ?? 'ERR_SESSION_CLOSED') as CloseReason['code'];
  return {
    code,
    message: match ? (match[2] ?? '') : text,
    retryable: isReasonCode(code) ? reasons[code].retryable : true,
  };
}
