/** Operations of OpenZiti's Client API that mean nothing here, each with its reason (docs/api.md). */
import type { Access } from '../permissions.ts';
import { EdgeError, type EdgeErrorCode } from '../errors.ts';
import type { EdgeRoutes, Method } from '../routes.ts';

type Row = readonly [Method, path: string, access: Access, code: EdgeErrorCode, note: string];

const DESCRIBED_ONLY =
  'In OpenZiti’s description alone. Certificates are enrolled by `/enroll/ott`, external JWTs by `/enroll/token`.';

const NOT_SERVED: readonly Row[] = [
  ['get', '/enroll/jwks', 'anyone', 'NOT_IMPLEMENTED', DESCRIBED_ONLY],
  ['post', '/enroll/challenge', 'anyone', 'NOT_IMPLEMENTED', DESCRIBED_ONLY],
  [
    'post',
    '/current-api-session/totp-token',
    'session',
    'INVALID_BACKING_TOKEN_TYPE',
    'Routers learn from the controller that a session has passed TOTP, so no token of the client’s says it. Prove a code by `/authenticate/mfa`.',
  ],
];

export function addNotServedRoutes(routes: EdgeRoutes): void {
  for (const [method, path, access, code, note] of NOT_SERVED) {
    routes.add({ method, path, access, summary: 'Not served', note, errors: [code] }, () =>
      Promise.reject(new EdgeError(code, note)),
    );
  }
}
