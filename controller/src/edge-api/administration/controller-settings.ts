import { EdgeError } from '../errors.ts';
import type { EdgeRoutes } from '../routes.ts';

const OPERATIONS = [
  ['get', '/controller-settings'],
  ['post', '/controller-settings'],
  ['get', '/controller-settings/:id'],
  ['get', '/controller-settings/:id/effective'],
  ['put', '/controller-settings/:id/effective'],
  ['patch', '/controller-settings/:id/effective'],
  ['delete', '/controller-settings/:id/effective'],
] as const;

/** In OpenZiti's description, in none of its controllers: 501 there and here. */
export function addControllerSettings(routes: EdgeRoutes): void {
  for (const [method, path] of OPERATIONS) {
    routes.add(
      {
        method,
        path,
        access: 'admin',
        summary: 'Settings of controllers: not implemented',
        note: 'OpenZiti describes these operations and answers 501. A controller’s settings are in its configuration file.',
        errors: ['NOT_IMPLEMENTED'],
      },
      () => Promise.reject(new EdgeError('NOT_IMPLEMENTED')),
    );
  }
}
