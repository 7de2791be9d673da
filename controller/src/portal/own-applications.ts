/** The applications that somebody may open, as the portal shows them. */
import { toBranding } from '../branding/effective-branding.ts';
import type { Portal } from '@postern/shared/schemas';
import type { ControllerContext } from '../context.ts';
import { repositories } from '../store/repositories.ts';

const MAX_SHOWN = 1000;

type Context = Pick<ControllerContext, 'store' | 'policy'>;

/**
 * By name. Posture checks do not count: they may pass by the time the application is opened, and if not its own
 * page says why.
 */
export async function ownApplications(
  { store, policy }: Context,
  identityId: string,
): Promise<Portal['applications']> {
  const serviceIds = policy.servicesFor(identityId, 'Dial', 'posture-ignored');
  const rows = await repositories.applications.findIn(store.db, 'serviceId', serviceIds);
  rows.sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
  const shown = rows.slice(0, MAX_SHOWN);
  const looks = await repositories.brandings.findIn(
    store.db,
    'applicationId',
    shown.map(({ id }) => id),
  );
  const hosted = await repositories.terminators.findIn(
    store.db,
    'serviceId',
    shown.map(({ serviceId }) => serviceId),
  );
  const hostedIds = new Set(hosted.map(({ serviceId }) => serviceId));
  return shown.map(({ id, name, origin, serviceId }) => {
    const look = looks.find(({ applicationId }) => applicationId === id);
    const logo = look && toBranding(look).logo;
    return { id, name, origin, isHosted: hostedIds.has(serviceId), ...(logo && { logo }) };
  });
}
