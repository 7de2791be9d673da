/** Every access decision of this router, each with the reason that a person will read. */
import { ELSEWHERE, type Vantage } from '@postern/shared/policy';
import type { CloseReason } from '@postern/shared/protocol/edge';
import type { Encryption } from '@postern/shared/schemas';
import type { RouterState } from '../state/router-state.ts';
import type { CircuitSubject } from './circuit.ts';
import { reason } from './reason.ts';

/** How encryptions are called to people. */
const NAMES: Readonly<Record<Encryption, string>> = {
  authenticated: 'authenticated',
  ziti: 'OpenZiti’s',
};

/** Who connects, in which session, by which token. */
interface Subject {
  readonly identityId: string;
  readonly sessionId?: string;
  readonly tokenId?: string | undefined;
}

export class Access {
  readonly #state: RouterState;
  readonly #routerId: string;

  constructor(state: RouterState, routerId: string) {
    this.#state = state;
    this.#routerId = routerId;
  }

  /** Why an identity may not be connected to this router now; `undefined` if it may. */
  connectionDenied({ identityId, sessionId, tokenId }: Subject): CloseReason | undefined {
    if (this.#state.position.timeline === '') {
      return reason('ERR_CONTROLLER_UNREACHABLE', 'the router holds no policy yet');
    }
    if (sessionId !== undefined && this.#state.isRevoked(sessionId))
      return reason('ERR_SESSION_ENDED');
    if (tokenId !== undefined && this.#state.isRevoked(tokenId)) return reason('ERR_TOKEN_INVALID');
    if (!this.#state.isIdentityEnabled(identityId)) return reason('ERR_IDENTITY_DISABLED');
    return undefined;
  }

  /**
   * Why a circuit may not be. `clientAddress` is given at its first router, the one the client is
   * connected to: there the identity must also be allowed to use this router, and come from where
   * posture checks want it.
   */
  dialDenied(subject: CircuitSubject, clientAddress: string | undefined): CloseReason | undefined {
    const { callerId, serviceId, sessionId } = subject;
    const denied = this.connectionDenied({ identityId: callerId, sessionId });
    if (denied !== undefined) return denied;
    if (clientAddress !== undefined && !this.#mayUse(callerId, serviceId))
      return reason('ERR_ACCESS_NO_POLICY');
    const { policy } = this.#state;
    if (policy.mayDial(callerId, serviceId, this.#vantage(sessionId, clientAddress)))
      return undefined;
    return policy.mayDial(callerId, serviceId, 'posture-ignored')
      ? reason('ERR_POSTURE_FAILED')
      : reason('ERR_ACCESS_NO_POLICY');
  }

  /** Why an identity may not host a service on this router. */
  bindDenied(hostId: string, serviceId: string): CloseReason | undefined {
    const denied = this.connectionDenied({ identityId: hostId });
    if (denied !== undefined) return denied;
    return this.mayHost(hostId, serviceId) && this.#mayUse(hostId, serviceId)
      ? undefined
      : reason('ERR_ACCESS_NO_POLICY');
  }

  /** Why circuits of a service may not be encrypted so. */
  encryptionDenied(
    serviceId: string,
    encryption: Encryption = 'authenticated',
  ): CloseReason | undefined {
    const accepted = this.#state.get('service', serviceId)?.acceptedEncryption ?? ['authenticated'];
    if (accepted.includes(encryption)) return undefined;
    return reason(
      'ERR_ENCRYPTION_MISMATCH',
      `the service accepts ${accepted.map((one) => NAMES[one]).join(' or ')} encryption, not ${NAMES[encryption]}`,
    );
  }

  /** True if the identity may host the service on whichever router. */
  mayHost(hostId: string, serviceId: string): boolean {
    return this.#state.policy.mayBind(hostId, serviceId, this.#vantage());
  }

  #vantage(sessionId?: string, address: string = ELSEWHERE): Vantage {
    return { sessionId, address, nowMs: this.#state.tokenTime.nowMs };
  }

  #mayUse(identityId: string, serviceId: string): boolean {
    return this.#state.policy.commonRouters(identityId, serviceId).includes(this.#routerId);
  }
}

/** The reason for ending what was allowed before: "removed" instead of "never had". */
export function removed(denied: CloseReason): CloseReason {
  return denied.code === 'ERR_ACCESS_NO_POLICY' ? reason('ERR_ACCESS_REMOVED') : denied;
}
