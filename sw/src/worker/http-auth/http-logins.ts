/**
 * Names and passwords that people gave for the application's own HTTP authentication. They are in the
 * worker's memory only, so no script can read them, and are asked for again when the worker was stopped.
 */
import type { Field } from '@postern/shared/protocol/http';
import { authorization, type Login } from './authorization.ts';
import { findChallenge, type Challenge } from './challenge.ts';

/** Realms known at once; the oldest is forgotten first. */
export const MAX_REALMS = 16;

interface Realm {
  challenge: Challenge;
  /** Paths that need the log-in: each and all below it (RFC 7617 §2.2). */
  prefixes: Set<string>;
  login: Login | undefined;
  count: number;
}

export class HttpLogins {
  readonly #realms = new Map<string, Realm>();

  /** `Authorization` for a request, if its path is known to need one. */
  async headerFor(method: string, target: string): Promise<string | undefined> {
    const realm = [...this.#realms.values()].find(
      ({ login, prefixes }) =>
        login !== undefined && [...prefixes].some((prefix) => target.startsWith(prefix)),
    );
    return realm && this.#header(realm, method, target);
  }

  /**
   * Takes a 401 for `target`. With a log-in of the realm that was not sent (`sent`), or whose nonce is
   * stale: `retry`. Otherwise the log-in, if any, was wrong: `ask` for one.
   */
  challenged(
    fields: readonly Field[],
    target: string,
    sent: boolean,
  ): { kind: 'retry' | 'ask'; realm: string; wasWrong: boolean } | undefined {
    const challenge = findChallenge(fields);
    if (challenge === undefined) return undefined;
    const { realm: name } = challenge;
    const known = this.#realms.get(name);
    const isStale = /^true$/i.test(challenge.parameters['stale'] ?? '');
    const login = sent && !isStale ? undefined : known?.login;
    const prefixes = known?.prefixes ?? new Set<string>();
    prefixes.add(target.replace(/[?].*$/, '').replace(/[^/]*$/, ''));
    this.#realms.delete(name);
    this.#realms.set(name, { challenge, prefixes, login, count: 0 });
    const [oldest] = this.#realms.keys();
    if (this.#realms.size > MAX_REALMS && oldest !== undefined) this.#realms.delete(oldest);
    return {
      kind: login === undefined ? 'ask' : 'retry',
      realm: name,
      wasWrong: sent && !isStale,
    };
  }

  /** Keeps what a person entered; ignored for a realm nobody asked for. */
  keep(realm: string, login: Login): void {
    const known = this.#realms.get(realm);
    if (known) known.login = login;
  }

  clear(): void {
    this.#realms.clear();
  }

  #header(realm: Realm, method: string, target: string): Promise<string> {
    const { challenge, login = { user: '', password: '' } } = realm;
    const cnonce = crypto.randomUUID();
    return authorization({ challenge, login, method, target, count: ++realm.count, cnonce });
  }
}
