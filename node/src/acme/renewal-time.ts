/** Of a certificate's life: it is renewed when so much is left. */
const LEFT_AT_RENEWAL = 1 / 3;
/** Of that rest: renewals of parts that started together are spread over so much of it. */
const SPREAD = 1 / 10;

/**
 * When to renew, in ms since the epoch: when a third of the life is left, or up to a tenth of that third
 * later, by `random` in [0, 1).
 */
export function renewalTimeMs(
  { notBeforeMs, notAfterMs }: { notBeforeMs: number; notAfterMs: number },
  random: number,
): number {
  const leftMs = (notAfterMs - notBeforeMs) * LEFT_AT_RENEWAL;
  return notAfterMs - leftMs + leftMs * SPREAD * random;
}
