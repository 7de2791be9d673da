/**
 * Every operation of OpenZiti's Edge APIs (edge-api 0.29): what existing clients may call, and what
 * docs/api.md accounts for one by one.
 */

/** Path → methods; `crud` stands for the six operations of an entity on it and on `{id}` below it. */
type Operations = Readonly<Record<string, string>>;

const ON_LIST = ['get', 'post'];
const ON_ONE = ['get', 'put', 'patch', 'delete'];

const shared: Operations = {
  '/': 'get',
  '/.well-known/est/cacerts': 'get',
  '/authenticate': 'post',
  '/authenticate/mfa': 'post',
  '/controllers': 'get',
  '/current-api-session': 'get delete',
  '/current-identity': 'get',
  '/current-identity/authenticators': 'get',
  '/current-identity/authenticators/{id}': 'get put patch',
  '/current-identity/authenticators/{id}/extend': 'post',
  '/current-identity/authenticators/{id}/extend-verify': 'post',
  '/current-identity/mfa': 'get post delete',
  '/current-identity/mfa/qr-code': 'get',
  '/current-identity/mfa/recovery-codes': 'get post',
  '/current-identity/mfa/verify': 'post',
  '/enumerated-capabilities': 'get',
  '/network-jwts': 'get',
  '/specs': 'get',
  '/specs/{id}': 'get',
  '/specs/{id}/spec': 'get',
  '/version': 'get',
};

const management: Operations = {
  ...shared,
  '/api-sessions': 'get',
  '/api-sessions/{id}': 'get delete',
  '/auth-policies': 'crud',
  '/authenticators': 'crud',
  '/authenticators/{id}/re-enroll': 'post',
  '/authenticators/{id}/request-extend': 'post',
  '/cas': 'crud',
  '/cas/{id}/jwt': 'get',
  '/cas/{id}/verify': 'post',
  '/config-types': 'crud',
  '/config-types/{id}/configs': 'get',
  '/configs': 'crud',
  '/configs/{id}/services': 'get',
  '/controller-settings': 'get post',
  '/controller-settings/{id}': 'get',
  '/controller-settings/{id}/effective': 'get put patch delete',
  '/database/check-data-integrity': 'post',
  '/database/data-integrity-results': 'get',
  '/database/fix-data-integrity': 'post',
  '/database/snapshot': 'post',
  '/edge-router-policies': 'crud',
  '/edge-router-policies/{id}/edge-routers': 'get',
  '/edge-router-policies/{id}/identities': 'get',
  '/edge-router-role-attributes': 'get',
  '/edge-routers': 'crud',
  '/edge-routers/{id}/edge-router-policies': 'get',
  '/edge-routers/{id}/identities': 'get',
  '/edge-routers/{id}/re-enroll': 'post',
  '/edge-routers/{id}/service-edge-router-policies': 'get',
  '/edge-routers/{id}/services': 'get',
  '/enrollments': 'get post',
  '/enrollments/{id}': 'get delete',
  '/enrollments/{id}/refresh': 'post',
  '/external-jwt-signers': 'crud',
  '/identities': 'crud',
  '/identities/{id}/authenticators': 'get',
  '/identities/{id}/disable': 'post',
  '/identities/{id}/edge-router-policies': 'get',
  '/identities/{id}/edge-routers': 'get',
  '/identities/{id}/enable': 'post',
  '/identities/{id}/enrollments': 'get',
  '/identities/{id}/failed-service-requests': 'get',
  '/identities/{id}/mfa': 'delete',
  '/identities/{id}/policy-advice/{serviceId}': 'get',
  '/identities/{id}/posture-data': 'get',
  '/identities/{id}/request-extend': 'post',
  '/identities/{id}/service-configs': 'get post delete',
  '/identities/{id}/service-policies': 'get',
  '/identities/{id}/services': 'get',
  '/identities/{id}/trace': 'put',
  '/identity-role-attributes': 'get',
  '/identity-types': 'get',
  '/identity-types/{id}': 'get',
  '/posture-check-role-attributes': 'get',
  '/posture-check-types': 'get',
  '/posture-check-types/{id}': 'get',
  '/posture-checks': 'crud',
  '/revocations': 'get post',
  '/revocations/{id}': 'get',
  '/routers': 'crud',
  '/service-edge-router-policies': 'crud',
  '/service-edge-router-policies/{id}/edge-routers': 'get',
  '/service-edge-router-policies/{id}/services': 'get',
  '/service-policies': 'crud',
  '/service-policies/{id}/identities': 'get',
  '/service-policies/{id}/posture-checks': 'get',
  '/service-policies/{id}/services': 'get',
  '/service-role-attributes': 'get',
  '/services': 'crud',
  '/services/{id}/configs': 'get',
  '/services/{id}/edge-routers': 'get',
  '/services/{id}/identities': 'get',
  '/services/{id}/service-edge-router-policies': 'get',
  '/services/{id}/service-policies': 'get',
  '/services/{id}/terminators': 'get',
  '/sessions': 'get',
  '/sessions/{id}': 'get delete',
  '/sessions/{id}/route-path': 'get',
  '/summary': 'get',
  '/terminators': 'crud',
  '/transit-routers': 'crud',
};

const client: Operations = {
  ...shared,
  '/current-api-session/certificates': 'get post',
  '/current-api-session/certificates/{id}': 'get delete',
  '/current-api-session/service-updates': 'get',
  '/current-api-session/totp-token': 'post',
  '/current-identity/edge-routers': 'get',
  '/enroll': 'post',
  '/enroll/ca': 'post',
  '/enroll/challenge': 'post',
  '/enroll/erott': 'post',
  '/enroll/extend/router': 'post',
  '/enroll/jwks': 'get',
  '/enroll/ott': 'post',
  '/enroll/ottca': 'post',
  '/enroll/token': 'post',
  '/enroll/updb': 'post',
  '/external-jwt-signers': 'get',
  '/posture-response': 'post',
  '/posture-response-bulk': 'post',
  '/protocols': 'get',
  '/services': 'get',
  '/services/{id}': 'get put patch delete',
  '/services/{id}/edge-routers': 'get',
  '/services/{id}/terminators': 'get',
  '/sessions': 'get post',
  '/sessions/{id}': 'get delete',
};

export interface Operation {
  readonly method: string;
  /** As OpenAPI writes it: `/identities/{id}`. */
  readonly path: string;
}

function operationsOf(api: Operations): Operation[] {
  return Object.entries(api).flatMap(([path, methods]) =>
    methods === 'crud'
      ? [
          ...ON_LIST.map((method) => ({ method, path })),
          ...ON_ONE.map((method) => ({ method, path: `${path}/{id}` })),
        ]
      : methods.split(' ').map((method) => ({ method, path })),
  );
}

/** 199 operations on 118 paths. */
export const managementOperations: readonly Operation[] = operationsOf(management);
/** 59 operations on 46 paths. */
export const clientOperations: readonly Operation[] = operationsOf(client);
