/** When signing keys come and go: pure, so that time can be tested. */
import type { KeyUse } from '@postern/shared/grants';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** How long a key signs before its successor takes over (guides: OIDC 90 d, grant 30 d). */
export const KEY_LIFE_MS: Readonly<Record<KeyUse, number>> = {
  token: 90 * DAY,
  grant: 30 * DAY,
  assertion: 30 * DAY,
  session: 90 * DAY,
};

/** A new key is published this long before it signs, so that every verifier holds it by then. */
export const PUBLISH_AHEAD_MS = 10 * MINUTE;

/** Longest life of anything a key signs, without the outage time: bind grants, refresh tokens of API sessions. */
export const LONGEST_TOKEN_MS: Readonly<Record<KeyUse, number>> = {
  token: 60 * MINUTE,
  grant: 60 * MINUTE,
  assertion: 60 * MINUTE,
  session: DAY,
};

export interface ScheduledKey {
  readonly kid: string;
  readonly use: KeyUse;
  readonly activeAtMs: number;
}

/** The key that signs now: the newest active one; before any is active, the oldest. */
export function signingKeyAt<K extends ScheduledKey>(
  keys: readonly K[],
  use: KeyUse,
  nowMs: number,
): K | undefined {
  const ofUse = keys.filter((key) => key.use === use).sort((a, b) => a.activeAtMs - b.activeAtMs);
  return ofUse.findLast((key) => key.activeAtMs <= nowMs) ?? ofUse[0];
}

/** True when no key of this use will be young enough once a key made now would become active. */
export function needsSuccessor(keys: readonly ScheduledKey[], use: KeyUse, nowMs: number): boolean {
  const newest = Math.max(...keys.filter((key) => key.use === use).map((key) => key.activeAtMs));
  return newest + KEY_LIFE_MS[use] <= nowMs + PUBLISH_AHEAD_MS;
}

/** Keys that signed nothing which any verifier could still accept. */
export function retiredKeys<K extends ScheduledKey>(
  keys: readonly K[],
  nowMs: number,
  outageMs: number,
): K[] {
  return keys.filter((key) => {
    const keepMs = LONGEST_TOKEN_MS[key.use] + outageMs + MINUTE;
    return keys.some(
      (other) =>
        other.use === key.use &&
        other.activeAtMs > key.activeAtMs &&
        other.activeAtMs + keepMs <= nowMs,
    );
  });
}

/**
 * Keys of other controllers that these would have retired themselves by now, were they still there:
 * a day is left to them beyond that.
 */
export function abandonedKeys<K extends ScheduledKey>(
  foreign: readonly K[],
  nowMs: number,
  outageMs: number,
): K[] {
  return foreign.filter(
    ({ use, activeAtMs }) =>
      activeAtMs + KEY_LIFE_MS[use] + LONGEST_TOKEN_MS[use] + outageMs + DAY <= nowMs,
  );
}
