/** The latest requests for a service session that posture refused, of each identity, in memory. */

/** One check that did not pass, as administrators see it. */
export interface FailedCheck {
  readonly postureCheckId: string;
  readonly postureCheckType: string;
  readonly postureCheckName: string;
  readonly actualValue?: unknown;
  readonly expectedValue?: unknown;
}

export interface FailedServiceRequest {
  readonly when: string;
  readonly apiSessionId: string;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly sessionType: 'Dial' | 'Bind';
  readonly policyFailures: readonly {
    readonly policyId: string;
    readonly policyName: string;
    readonly checks: readonly FailedCheck[];
  }[];
}

export interface FailedRequests {
  add(identityId: string, request: FailedServiceRequest): void;
  /** Oldest first. */
  of(identityId: string): readonly FailedServiceRequest[];
}

const KEPT_PER_IDENTITY = 100;
/** Of the identities that failed longest ago nothing is kept. */
const MAX_IDENTITIES = 1000;

export function createFailedRequests(): FailedRequests {
  const kept = new Map<string, FailedServiceRequest[]>();
  return {
    add(identityId, request) {
      const requests = [...(kept.get(identityId) ?? []), request].slice(-KEPT_PER_IDENTITY);
      kept.delete(identityId);
      kept.set(identityId, requests);
      const [oldest] = kept.keys();
      if (kept.size > MAX_IDENTITIES && oldest !== undefined) kept.delete(oldest);
    },
    of: (identityId) => kept.get(identityId) ?? [],
  };
}
