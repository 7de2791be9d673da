/** Why something was refused or ended, as OpenZiti's SDKs read it (specs/edge-protocol.md §3, "Errors"). */
import { encodeUtf8 } from '@postern/shared/bytes';
import {
  encodeStructuredError,
  HeaderKey,
  RetryHint,
  type MessageHeaders,
} from '@postern/shared/protocol/channel';
import type { CloseReason } from '@postern/shared/protocol/edge';

const OTHER_CODE = 1;
/** Their numbers for our reasons. */
const CODES: Readonly<Partial<Record<CloseReason['code'], number>>> = {
  ERR_TOKEN_INVALID: 2,
  ERR_SESSION_ENDED: 2,
  ERR_IDENTITY_DISABLED: 2,
  ERR_GRANT_INVALID: 3,
  ERR_SERVICE_NOT_HOSTED: 8,
  ERR_ENCRYPTION_MISMATCH: 11,
  ERR_ACCESS_NO_POLICY: 14,
  ERR_ACCESS_REMOVED: 14,
  ERR_POSTURE_FAILED: 15,
};
/** A new service session, or another dial, may succeed. */
const HINTS: Readonly<Partial<Record<CloseReason['code'], RetryHint>>> = {
  ERR_ROUTER_OVERLOADED: RetryHint.busy,
  ERR_GRANT_INVALID: RetryHint.startOver,
  ERR_TOKEN_INVALID: RetryHint.startOver,
  ERR_SESSION_ENDED: RetryHint.startOver,
};

/**
 * Sets headers 1033 and 1014; the body is never empty, since C takes an empty one for the text
 * `Invalid Session` and starts its service session anew.
 */
export function sdkRefusal(
  { code, message, retryable }: CloseReason,
  headers: MessageHeaders,
): { headers: MessageHeaders; body: Uint8Array } {
  const number = CODES[code] ?? OTHER_CODE;
  const retryHint = HINTS[code] ?? (retryable ? RetryHint.default : RetryHint.doNotRetry);
  const text = message === '' ? code : `${message} (${code})`;
  headers
    .setU32(HeaderKey.errorCode, code === 'OK' ? 0 : number)
    .setBytes(
      HeaderKey.structuredError,
      encodeStructuredError({ message: text, code: number, retryHint }),
    );
  return { headers, body: encodeUtf8(text) };
}
