/** What clients report of their devices (specs/edge-api.md §3.5). */
import { z } from 'zod';
import type { ControllerContext } from '../../context.ts';
import type { PostureDefinitions } from '../../model/posture.ts';
import { mfaDueMs } from '../../posture/evaluate-check.ts';
import { findState } from '../../posture/posture-states.ts';
import { processSchema, type Reported } from '../../posture/reported.ts';
import { repositories } from '../../store/repositories.ts';
import { detail } from '../envelope.ts';
import { detailOf } from '../responses.ts';
import type { EdgeRequest, EdgeRoutes } from '../routes.ts';
import { mfaTimes } from './posture-queries.ts';

const text = z.string().max(512);
const id = z.string().max(64).default('');
const response = z.discriminatedUnion('typeId', [
  z.object({ typeId: z.literal('DOMAIN'), id, domain: text }),
  z.object({ typeId: z.literal('MAC'), id, macAddresses: z.array(text).max(64) }),
  z.object({
    typeId: z.literal('OS'),
    id,
    type: text,
    version: text,
    build: text.default(''),
  }),
  processSchema.extend({ typeId: z.literal('PROCESS'), id }),
  z.object({
    typeId: z.literal('ENDPOINT_STATE'),
    id,
    woken: z.boolean().default(false),
    unlocked: z.boolean().default(false),
  }),
]);
type Response = z.output<typeof response>;

const answerSchema = z.strictObject({
  services: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      postureQueryType: z.string(),
      timeout: z.int(),
      timeoutRemaining: z.int(),
    }),
  ),
});

/** Processes kept for one session; further ones take the place of the oldest. */
const MAX_PROCESSES = 64;

export function addPostureResponseRoutes(routes: EdgeRoutes, ctx: ControllerContext): void {
  const { store, clock, posture } = ctx;

  const take = async (request: EdgeRequest, responses: readonly Response[]) => {
    const { identity, session } = request.caller;
    const before = (await findState(store.db, session.id))?.reported ?? {};
    const news = responses.reduce<Reported>(
      (reported, one) => ({ ...reported, ...reportOf(one, { ...before, ...reported }, clock()) }),
      {},
    );
    await posture.report(
      { sessionId: session.id, identityId: identity.id },
      { ...news, address: session.ipAddress },
    );
    const hasNewState = news.wokenAtMs !== undefined || news.unlockedAtMs !== undefined;
    const services = hasNewState ? await shortened(ctx, identity.id, { ...before, ...news }) : [];
    return { ...detail({ services }), status: 201 as const };
  };

  const answers = {
    response: detailOf(answerSchema, 201),
    access: 'session',
    method: 'post',
  } as const;
  routes.add(
    {
      ...answers,
      path: '/posture-response',
      summary: 'Report one fact about the device',
      operationId: 'createPostureResponse',
      body: response,
    },
    (request) => take(request, [request.body]),
  );
  routes.add(
    {
      ...answers,
      path: '/posture-response-bulk',
      summary: 'Report several facts about the device',
      operationId: 'createPostureResponseBulk',
      body: z.array(response).max(200),
    },
    (request) => take(request, request.body),
  );
}

function reportOf(one: Response, known: Reported, nowMs: number): Reported {
  switch (one.typeId) {
    case 'DOMAIN':
      return { domain: one.domain };
    case 'MAC':
      return { macAddresses: one.macAddresses };
    case 'OS':
      return { os: { type: one.type, version: one.version, build: one.build } };
    case 'PROCESS': {
      const { path, isRunning, hash, signerFingerprints } = one;
      const others = (known.processes ?? []).filter((process) => process.path !== path);
      const all = [...others, { path, isRunning, hash, signerFingerprints }];
      return { processes: all.slice(-MAX_PROCESSES) };
    }
    case 'ENDPOINT_STATE':
      return {
        ...(one.woken && { wokenAtMs: nowMs }),
        ...(one.unlocked && { unlockedAtMs: nowMs }),
      };
  }
}

/** Services of which the time until the next code became shorter. */
async function shortened(
  { store, policy, clock }: Pick<ControllerContext, 'store' | 'policy' | 'clock'>,
  identityId: string,
  reported: Reported,
) {
  const checks = (await repositories.postureChecks.find(store.db, { typeId: 'MFA' })).map(
    (check) => ({ ...check, mfa: check.definition as PostureDefinitions['MFA'] }),
  );
  const prompting = checks.filter(({ mfa }) => mfa.promptOnWake || mfa.promptOnUnlock);
  if (prompting.length === 0) return [];
  return policy.servicesFor(identityId, 'Dial', 'posture-ignored').flatMap((serviceId) => {
    const demanded = new Set(
      policy
        .policiesGranting(identityId, serviceId)
        .flatMap((granting) => [...(policy.posture.demanded(granting) ?? [])]),
    );
    const check = prompting.find(({ id: checkId }) => demanded.has(checkId));
    const service = policy.entity('service', serviceId);
    if (!check || !service) return [];
    const { timeout, timeoutRemaining } = mfaTimes(
      check.mfa,
      mfaDueMs(check.mfa, reported),
      clock(),
    );
    return [
      { id: service.id, name: service.name, postureQueryType: 'MFA', timeout, timeoutRemaining },
    ];
  });
}
