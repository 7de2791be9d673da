/** How many requests a minute a session or an address has (threat model, Limits). */
import { addressKey, createRateLimit } from '../auth/rate-limit.ts';
import type { Caller } from '../auth/api-sessions.ts';
import type { ControllerContext } from '../context.ts';
import { EdgeError } from './errors.ts';
import type { RateClass } from './route-spec.ts';
import type { EdgeContext } from './routes.ts';

export interface Allowances {
  /** Counts an attempt to log in or enrol, before anything is looked at. @throws EdgeError RATE_LIMITED */
  takeAttempt(c: EdgeContext): void;
  /** Counts a request of a session, or of an address that has none. @throws EdgeError RATE_LIMITED */
  takeRequest(c: EdgeContext, rate: Exclude<RateClass, 'login'>, caller: Caller | undefined): void;
}

/** Sessions and addresses counted at once. */
const MAX_CALLERS = 100_000;

export function createAllowances({
  config,
  clock,
}: Pick<ControllerContext, 'config' | 'clock'>): Allowances {
  const login = createRateLimit(config.auth.attemptsPerMinute, clock);
  const byClass = {
    admin: createRateLimit(config.limits.adminRequestsPerMinute, clock, MAX_CALLERS),
    client: createRateLimit(config.limits.clientRequestsPerMinute, clock, MAX_CALLERS),
  };
  return {
    takeAttempt(c) {
      if (!login.take(addressKey(remoteAddress(c)))) throw limited(c);
    },
    takeRequest(c, rate, caller) {
      const key = caller?.session.id ?? addressKey(remoteAddress(c));
      if (!byClass[rate].take(key)) throw limited(c);
    },
  };
}

/** The address of the connection; forwarding headers are not believed. */
export function remoteAddress(c: EdgeContext): string {
  return c.env.incoming.socket.remoteAddress ?? '';
}

function limited(c: EdgeContext): EdgeError {
  c.header('retry-after', '60');
  return new EdgeError('RATE_LIMITED');
}
