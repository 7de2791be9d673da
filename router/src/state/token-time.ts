/** The two-times rule for what was accepted before and may have run out since. */
import { CLOCK_TOLERANCE_SECONDS, type TokenTime } from '@postern/shared/grants';

/**
 * True when a token or grant accepted earlier no longer counts: after `exp` while a controller is
 * connected, after `out` while all are lost (docs/protocol.md, "Grants").
 */
export function isExpired(claims: { exp: number; out: number }, time: TokenTime): boolean {
  const end = time.connected ? claims.exp : Math.max(claims.exp, claims.out);
  return end <= time.nowMs / 1000 - CLOCK_TOLERANCE_SECONDS;
}
