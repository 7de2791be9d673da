/**
 * One connector: what it needs to host, on connect and whenever that changes, and which sessions it
 * must close when somebody loses access to what it hosts.
 */
import { isDeepStrictEqual } from 'node:util';
import { ELSEWHERE, type Vantage } from '@postern/shared/policy';
import type { ControlBody } from '@postern/shared/protocol/control';
import type { EntityKind, HostState, PublicJwk } from '@postern/shared/schemas';
import type { ControllerContext } from '../context.ts';
import type { TokenServices } from '../grants/token-services.ts';
import type { Session } from './control-server.ts';
import { hostConfigs } from './host-configs.ts';
import { latestOnly } from './latest-job.ts';

/** Bind grants are replaced at half their life of an hour. */
const REISSUE_MS = 30 * 60_000;
const MAX_SERVICES = 1000;
const MAX_ROUTERS = 1000;

/** Changes that can alter who dials or what is hosted where. */
const RELEVANT: ReadonlySet<EntityKind> = new Set<EntityKind>([
  'identity',
  'service',
  'servicePolicy',
  'edgeRouterPolicy',
  'serviceEdgeRouterPolicy',
  'router',
  'signingKey',
  'postureCheck',
  'posture',
]);

export interface HostSink {
  send<K extends 'hostState' | 'hostRevocation'>(type: K, body: ControlBody<K>): void;
}

export function createHostSession(
  ctx: ControllerContext,
  tokens: TokenServices,
  sink: HostSink,
  host: { id: string; jwk: PublicJwk },
): Session {
  const { policy } = ctx;
  /** What was sent last, without the grants, and when. */
  let sent: { state: unknown; atMs: number } | undefined;
  /** Who could dial each hosted service when last looked at. */
  let dialers = new Map<string, ReadonlySet<string>>();
  let closed = false;
  const vantage = (): Vantage => ({ address: ELSEWHERE, nowMs: ctx.clock() });

  const revokeLostAccess = (): void => {
    const from = vantage();
    const now = new Map(
      policy
        .servicesFor(host.id, 'Bind', from)
        .map(
          (serviceId) =>
            [serviceId, new Set(policy.identitiesFor(serviceId, 'Dial', from))] as const,
        ),
    );
    for (const [serviceId, before] of dialers) {
      const after = now.get(serviceId);
      for (const identityId of before) {
        if (after?.has(identityId)) continue;
        sink.send('hostRevocation', { serviceId, identityId, code: 'ERR_ACCESS_REMOVED' });
      }
    }
    dialers = now;
  };

  /** Closes what a session may no longer dial while other sessions of the identity may. */
  const revokeFailedPosture = (sessionId: string, identityId: string): void => {
    const from = { ...vantage(), sessionId };
    for (const serviceId of dialers.keys()) {
      if (policy.mayDial(identityId, serviceId, from)) continue;
      sink.send('hostRevocation', { serviceId, sessionId, code: 'ERR_POSTURE_FAILED' });
    }
  };

  const sendState = async (): Promise<void> => {
    const identity = policy.entity('identity', host.id);
    if (!identity || closed) return;
    const origins = await applicationOrigins(ctx);
    const services = policy
      .servicesFor(host.id, 'Bind', vantage())
      .map((id) => policy.entity('service', id))
      .filter((service) => service !== undefined)
      .sort((a, b) => a.id.localeCompare(b.id))
      .slice(0, MAX_SERVICES);
    const configs = await hostConfigs(
      ctx.store.db,
      services.map(({ id }) => id),
      host.id,
    );
    const state = {
      identity: { id: identity.id, name: identity.name },
      keys: (['token', 'grant', 'assertion'] as const).flatMap((use) =>
        tokens.keys.all(use).map(({ kid, issuer, jwk }) => ({ kid, use, issuer, jwk })),
      ),
      routers: policy
        .routersFor(host.id)
        .map((id) => policy.entity('router', id))
        .filter((router) => router !== undefined)
        .filter((router) => router.fabricAddresses.length > 0)
        .sort((a, b) => a.id.localeCompare(b.id))
        .slice(0, MAX_ROUTERS)
        .map(({ id, name, fabricAddresses }) => ({ id, name, fabricAddresses })),
      services: services.map(({ id, name, acceptedEncryption }) => {
        const applicationOrigin = origins.get(id);
        const hostConfig = configs.get(id);
        return {
          id,
          name,
          ...(applicationOrigin === undefined ? {} : { applicationOrigin }),
          ...(acceptedEncryption === undefined ? {} : { acceptedEncryption }),
          ...(hostConfig === undefined ? {} : { hostConfig }),
        };
      }),
    };
    const now = ctx.clock();
    if (sent && now - sent.atMs < REISSUE_MS && isDeepStrictEqual(sent.state, state)) return;
    const granted: HostState = {
      ...state,
      services: await Promise.all(
        state.services.map(async (service) => {
          const claims = { identityId: host.id, serviceId: service.id, jwk: host.jwk };
          return { ...service, bindGrant: (await tokens.grants.bindGrant(claims)).token };
        }),
      ),
    };
    // Closed while the grants were signed.
    if (stillOpen()) sink.send('hostState', granted);
    sent = { state, atMs: now };
  };
  const stillOpen = (): boolean => !closed;

  const requestState = latestOnly<undefined>(sendState, (error) => {
    ctx.logger.error('control.hostStateFailed', { identityId: host.id, error });
  });
  const refresh = (): void => requestState(undefined);
  const timer = setInterval(refresh, REISSUE_MS);
  timer.unref();
  revokeLostAccess();

  return {
    // Connectors report nothing.
    receive: () => undefined,
    refresh,
    push: ({ changes }) => {
      for (const change of changes) {
        if (change.op === 'put' && change.kind === 'posture') {
          revokeFailedPosture(change.value.id, change.value.identityId);
        } else if (change.op === 'put' && change.kind === 'revocation') {
          sink.send('hostRevocation', { sessionId: change.value.id, code: 'ERR_SESSION_ENDED' });
        } else if (
          change.kind === 'identity' &&
          (change.op === 'delete' || change.value.disabled)
        ) {
          const identityId = change.op === 'delete' ? change.key : change.value.id;
          sink.send('hostRevocation', { identityId, code: 'ERR_IDENTITY_DISABLED' });
        }
      }
      if (!changes.some(({ kind }) => RELEVANT.has(kind))) return;
      revokeLostAccess();
      refresh();
    },
    close: () => {
      closed = true;
      clearInterval(timer);
    },
  };
}

async function applicationOrigins(ctx: ControllerContext): Promise<Map<string, string>> {
  const rows = await ctx.store.db
    .selectFrom('applications')
    .select(['serviceId', 'origin'])
    .orderBy('createdAt', 'desc')
    .execute();
  return new Map(rows.map(({ serviceId, origin }) => [serviceId, origin]));
}
