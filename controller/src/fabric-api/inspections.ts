/** `POST /fabric/v1/inspections`: named values of controllers and routers, for finding faults. */
import { z } from 'zod';
import type { ControllerContext } from '../context.ts';
import { detail } from '../edge-api/envelope.ts';
import { detailOf } from '../edge-api/responses.ts';
import type { EdgeRoutes } from '../edge-api/routes.ts';
import { repositories } from '../store/repositories.ts';
import { linksOf } from './links.ts';
import { inspectionSchema } from './schemas.ts';

const MAX_VALUES = 1000;

const body = z.object({
  /** Id or name of a controller or router; `.*` at either end stands for anything. */
  appRegex: z.string().min(1).max(256),
  requestedValues: z.array(z.string().min(1).max(64)).min(1).max(32),
});

/** Something that can be asked, and what it can be asked for. */
interface App {
  readonly id: string;
  readonly name: string;
  readonly values: Readonly<Record<string, () => unknown>>;
}

export function addInspectionRoute(routes: EdgeRoutes, ctx: ControllerContext): void {
  routes.add(
    {
      method: 'post',
      path: '/inspections',
      access: 'ops.read',
      summary:
        'Values of controllers, and of routers as they reported them; `appRegex` is an id or name, with `.*` at its ends at most',
      body,
      response: detailOf(inspectionSchema),
    },
    async (request) => {
      const { appRegex, requestedValues } = request.body;
      const matches = patternOf(appRegex);
      const apps = (await knownApps(ctx)).filter(({ id, name }) => matches(id) || matches(name));
      const asked = apps.flatMap((app) =>
        requestedValues.map((name) => ({ appId: app.id, name, read: app.values[name] })),
      );
      const values = asked
        .slice(0, MAX_VALUES)
        .flatMap(({ appId, name, read }) => (read ? [{ appId, name, value: read() }] : []));
      const errors = [
        ...(apps.length === 0 ? [`no controller or router matches ${appRegex}`] : []),
        ...(asked.length > MAX_VALUES ? [`more than ${MAX_VALUES} values were asked for`] : []),
        ...asked
          .slice(0, MAX_VALUES)
          .filter(({ read }) => !read)
          .map(({ appId, name }) => `${appId} has no value ${name}`),
      ];
      return detail({ success: errors.length === 0, errors, values });
    },
  );
}

/** No regular expression of a client's is run: `.*` at the ends is all there is of it. */
function patternOf(appRegex: string): (text: string) => boolean {
  const open = appRegex.startsWith('.*');
  const rest = open ? appRegex.slice(2) : appRegex;
  const ended = rest.endsWith('.*');
  const core = ended ? rest.slice(0, -2) : rest;
  if (open && ended) return (text) => text.includes(core);
  if (open) return (text) => text.endsWith(core);
  if (ended) return (text) => text.startsWith(core);
  return (text) => text === core;
}

async function knownApps({ store, live, policy, clock }: ControllerContext): Promise<App[]> {
  const routers = await repositories.edgeRouters.find(store.db);
  const controllers = await repositories.controllers.find(store.db);
  const links = linksOf(routers);
  return [
    ...controllers.map(({ id, name, seenAt }) => ({
      id,
      name,
      values: {
        'connected-routers': () => routers.filter((one) => one.isOnline).map((one) => one.id),
        links: () =>
          links.map((link) => ({ id: link.id, ends: [link.source.id, link.destination.id] })),
        circuits: () => live.network.circuits(),
        'router-data-model-index': () => ({
          timeline: store.changes.timeline,
          index: store.changes.index,
        }),
        'last-seen': () => ({ at: seenAt, now: new Date(clock()).toISOString() }),
      },
    })),
    ...routers.map((router) => ({
      id: router.id,
      name: router.name,
      values: {
        status: () => ({
          isOnline: router.isOnline,
          edgeUrls: router.edgeUrls,
          fabricAddresses: router.fabricAddresses,
          disabled: policy.entity('router', router.id)?.disabled ?? true,
        }),
        links: () => router.links,
        circuits: () => live.network.circuits().filter(({ routerId }) => routerId === router.id),
      },
    })),
  ];
}
