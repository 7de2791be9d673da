/** Routers, links and circuits as they are now. */
import { isControllerOnline } from '../control/controller-directory.ts';
import type { LiveCircuit } from '../control/network-view.ts';
import type { ControllerContext } from '../context.ts';
import { answerOwnList } from '../edge-api/client/own-list.ts';
import { edgeRouters } from '../edge-api/entities/edge-routers.ts';
import { detail, done, links, reference } from '../edge-api/envelope.ts';
import { EdgeError, notFound } from '../edge-api/errors.ts';
import { listParameters } from '../edge-api/query.ts';
import { detailOf, doneResponse, listOf } from '../edge-api/responses.ts';
import type { EdgeRequest, EdgeRoutes } from '../edge-api/routes.ts';
import type { EdgeRouter } from '../model/edge-routers.ts';
import { repositories } from '../store/repositories.ts';
import { linkBetween, linksOf, type LinkView } from './links.ts';
import { answerMemoryList } from './memory-list.ts';
import { circuitSchema, linkSchema, memberSchema, routerSchema } from './schemas.ts';

const NANOSECONDS_PER_MS = 1_000_000;
/** As on the Edge APIs: cluster members are of one build. */
const VERSION = 'v1.0.0';

export function addRouterRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { db } = ctx.store;
  routes.add(
    {
      method: 'get',
      path: '/routers',
      access: 'router.read',
      summary: 'Routers',
      query: listParameters,
      response: listOf(routerSchema),
    },
    async (request) => {
      const ids = (await repositories.edgeRouters.find(db)).map(({ id }) => id);
      return answerOwnList({ ctx, request }, { ...edgeRouters, scope: {} }, ids, (rows) =>
        (rows as unknown as EdgeRouter[]).map(showRouter),
      );
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/routers/:id',
      access: 'router.read',
      summary: 'One router',
      response: detailOf(routerSchema),
    },
    async (request) => {
      const row = await repositories.edgeRouters.get(db, request.param('id'));
      if (!row) throw notFound();
      return detail(showRouter(row));
    },
  );
}

export function addLinkRoutes(routes: EdgeRoutes, { store }: ControllerContext): void {
  const all = async (): Promise<LinkView[]> =>
    linksOf(await repositories.edgeRouters.find(store.db));
  routes.add(
    {
      method: 'get',
      path: '/links',
      access: 'ops.read',
      summary: 'Links between routers, as both ends report them',
      query: listParameters,
      response: listOf(linkSchema),
    },
    async (request) =>
      answerMemoryList(
        request,
        await all(),
        ({ id, source, destination }) => ({
          id,
          sourceRouter: source.id,
          'sourceRouter.name': source.name,
          destRouter: destination.id,
          'destRouter.name': destination.name,
        }),
        showLink,
      ),
  );
  routes.add(
    {
      method: 'get',
      path: '/links/:id',
      access: 'ops.read',
      summary: 'One link',
      response: detailOf(linkSchema),
    },
    async (request) => {
      const link = (await all()).find(({ id }) => id === request.param('id'));
      if (!link) throw notFound();
      return detail(showLink(link));
    },
  );
}

export function addCircuitRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { network } = ctx.live;
  const found = (request: EdgeRequest): LiveCircuit => {
    const circuit = network.circuit(request.param('id'));
    if (!circuit) throw notFound();
    return circuit;
  };
  routes.add(
    {
      method: 'get',
      path: '/circuits',
      access: 'ops.read',
      summary: 'Open circuits that began at routers connected to this controller',
      query: listParameters,
      response: listOf(circuitSchema),
    },
    async (request) => {
      const show = await circuitRenderer(ctx);
      return answerMemoryList(
        request,
        network.circuits(),
        ({ circuitId, identityId, serviceId, terminatorId, sessionId, routerId }) => ({
          id: circuitId,
          clientId: identityId,
          service: serviceId,
          terminator: terminatorId ?? '',
          sessionId: sessionId ?? '',
          router: routerId,
        }),
        show,
      );
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/circuits/:id',
      access: 'ops.read',
      summary: 'One open circuit',
      response: detailOf(circuitSchema),
    },
    async (request) => detail((await circuitRenderer(ctx))(found(request))),
  );
  routes.add(
    {
      method: 'delete',
      path: '/circuits/:id',
      access: 'ops.delete',
      summary: 'Close a circuit; its caller may open another one',
      response: doneResponse,
      errors: ['TIMEOUT'],
    },
    (request) => {
      const { circuitId } = found(request);
      if (!network.closeCircuit(circuitId, 'ERR_CIRCUIT_ENDED'))
        throw new EdgeError('TIMEOUT', 'the router the circuit began at is not connected');
      return Promise.resolve(done());
    },
  );
}

export function addClusterRoutes(routes: EdgeRoutes, { store, clock }: ControllerContext): void {
  routes.add(
    {
      method: 'get',
      path: '/cluster/list-members',
      access: 'controllers.read',
      summary: 'Controllers of this database: equals, none of which leads',
      response: listOf(memberSchema),
    },
    async (request) => {
      const rows = await repositories.controllers.find(store.db);
      return answerMemoryList(
        request,
        rows,
        ({ id, name }) => ({ id, name }),
        (row) => ({
          id: row.id,
          name: row.name,
          address: row.ctrlAddress,
          voter: true,
          leader: false,
          connected: isControllerOnline(row, clock()),
          version: VERSION,
          readOnly: false,
        }),
      );
    },
  );
}

function showRouter(row: EdgeRouter) {
  return {
    id: row.id,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    tags: row.tags,
    name: row.name,
    fingerprint: row.fingerprint,
    connected: row.isOnline,
    cost: row.cost,
    noTraversal: row.noTraversal,
    disabled: row.disabled,
    listenerAddresses: row.fabricAddresses.map((address) => ({ address, protocol: 'tls' })),
    versionInfo: null,
    _links: links('routers', row.id, ['terminators']),
  };
}

function showLink(link: LinkView) {
  const { id, source, destination, staticCost, sourceLatencyMs, destinationLatencyMs } = link;
  return {
    id,
    sourceRouter: reference('routers', source.id, source.name),
    destRouter: reference('routers', destination.id, destination.name),
    protocol: 'tls',
    state: 'Connected',
    down: false,
    staticCost,
    sourceLatency: Math.round(sourceLatencyMs * NANOSECONDS_PER_MS),
    destLatency: Math.round(destinationLatencyMs * NANOSECONDS_PER_MS),
    cost: staticCost + Math.round(sourceLatencyMs + destinationLatencyMs),
    iteration: 1,
    _links: links('links', id),
  };
}

/** Shows circuits with the names that things have now. */
async function circuitRenderer({ store: { db }, policy }: ControllerContext) {
  const routers = await repositories.edgeRouters.find(db);
  const names = new Map(routers.map(({ id, name }) => [id, name]));
  const allLinks = linksOf(routers);
  return ({
    circuitId,
    sinceMs,
    identityId,
    sessionId,
    serviceId,
    terminatorId,
    path,
  }: LiveCircuit) => {
    const since = new Date(sinceMs).toISOString();
    const hops = path
      .slice(1)
      .map((routerId, at) => linkBetween(allLinks, path[at] ?? '', routerId))
      .filter((link) => link !== undefined);
    return {
      id: circuitId,
      createdAt: since,
      updatedAt: since,
      tags: {},
      clientId: identityId,
      sessionId: sessionId ?? null,
      service: reference('services', serviceId, policy.entity('service', serviceId)?.name ?? ''),
      terminator:
        terminatorId === undefined ? null : reference('terminators', terminatorId, terminatorId),
      path: {
        nodes: path.map((id) => reference('routers', id, names.get(id) ?? '')),
        links: hops.map(({ id }) => reference('links', id, id)),
      },
      _links: links('circuits', circuitId),
    };
  };
}
