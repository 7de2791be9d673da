/** Operations of OpenZiti's fabric API that mean nothing here, each with its reason (docs/api.md). */
import { EdgeError, type EdgeErrorCode } from '../edge-api/errors.ts';
import type { EdgeRoutes, Method } from '../edge-api/routes.ts';

const BY_MANAGEMENT =
  'Write through the Management API, which checks more and of which this is a second name.';
const LINKS =
  'Routers decide about their links by themselves: a link taken away here would be dialed again at once. Disable a router, or set its cost, through the Management API.';
const MEMBERS =
  'Controllers share a PostgreSQL database: one joins by being started on it, leaves by being stopped, and none leads.';

type Row = readonly [Method, path: string, code: EdgeErrorCode, note: string];

const UNSERVED: readonly Row[] = [
  ...(['routers', 'services', 'terminators'] as const).flatMap((plural): Row[] => [
    ['post', `/${plural}`, 'NOT_IMPLEMENTED', BY_MANAGEMENT],
    ['put', `/${plural}/:id`, 'NOT_IMPLEMENTED', BY_MANAGEMENT],
    ['patch', `/${plural}/:id`, 'NOT_IMPLEMENTED', BY_MANAGEMENT],
    ['delete', `/${plural}/:id`, 'NOT_IMPLEMENTED', BY_MANAGEMENT],
  ]),
  ['patch', '/links/:id', 'NOT_IMPLEMENTED', LINKS],
  ['delete', '/links/:id', 'NOT_IMPLEMENTED', LINKS],
  ['post', '/cluster/add-member', 'SERVER_NOT_RUNNING_IN_HA_MODE', MEMBERS],
  ['post', '/cluster/remove-member', 'SERVER_NOT_RUNNING_IN_HA_MODE', MEMBERS],
  ['post', '/cluster/transfer-leadership', 'SERVER_NOT_RUNNING_IN_HA_MODE', MEMBERS],
];

export function addUnservedRoutes(routes: EdgeRoutes): void {
  for (const [method, path, code, note] of UNSERVED) {
    routes.add(
      { method, path, access: 'admin', summary: `Not served: ${note}`, note, errors: [code] },
      () => Promise.reject(new EdgeError(code, note)),
    );
  }
}
