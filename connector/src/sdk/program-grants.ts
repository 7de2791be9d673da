/** Grants and tokens for one service: both come in one answer, kept while fresh, bridged over an outage. */
import { isAppError } from '@postern/shared/errors';
import { dialGrantClaimsSchema } from '@postern/shared/grants';
import type { GrantSource, TokenSource } from '@postern/shared/protocol/client';
import type { ProgramDialGrant } from '@postern/shared/schemas';
import { decodeJwt } from 'jose';

/** A grant with less life than this is not used for a new connection, in ms. */
const MIN_GRANT_LIFE_MS = 20_000;

export interface ProgramGrantsOptions {
  /** Asks the controller. */
  request: () => Promise<ProgramDialGrant>;
  nowMs: () => number;
}

export class ProgramGrants implements GrantSource, TokenSource {
  readonly #options: ProgramGrantsOptions;
  #last: ProgramDialGrant | undefined;
  #pending: Promise<ProgramDialGrant> | undefined;

  constructor(options: ProgramGrantsOptions) {
    this.#options = options;
  }

  async current(): Promise<ProgramDialGrant> {
    const last = this.#last;
    return last !== undefined && this.freshMs(last) > MIN_GRANT_LIFE_MS ? last : this.fetch();
  }

  /** Rejects with the controller's refusal, or `ERR_CONTROLLER_UNREACHABLE` once the last one's outage time is over. */
  fetch(): Promise<ProgramDialGrant> {
    this.#pending ??= this.#request().finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  freshMs({ expiresAt }: Pick<ProgramDialGrant, 'expiresAt'>): number {
    return Date.parse(expiresAt) - this.#options.nowMs();
  }

  forget(): Promise<void> {
    this.#last = undefined;
    return Promise.resolve();
  }

  async token(): Promise<string> {
    return (await this.current()).accessToken;
  }

  async renew(): Promise<string> {
    return (await this.fetch()).accessToken;
  }

  async #request(): Promise<ProgramDialGrant> {
    try {
      return (this.#last = await this.#options.request());
    } catch (error) {
      const last = this.#last;
      const mayBridge = last !== undefined && outageUntilMs(last) > this.#options.nowMs();
      if (mayBridge && isAppError(error, 'ERR_CONTROLLER_UNREACHABLE')) return last;
      throw error;
    }
  }
}

/** Our own controller's word; routers and hosts verify it. */
function outageUntilMs({ dialGrant }: ProgramDialGrant): number {
  return dialGrantClaimsSchema.parse(decodeJwt(dialGrant)).out * 1000;
}
