/** Types of posture checks, and what is known of an identity's devices (specs/edge-api.md §2.1, §2.13). */
import { z } from 'zod';
import type { ControllerContext } from '../../context.ts';
import { statesOf, type PostureState } from '../../posture/posture-states.ts';
import { repositories } from '../../store/repositories.ts';
import { ASSURANCE, postureTypeIds } from '../entities/posture-checks.ts';
import { detail, links, list } from '../envelope.ts';
import { notFound } from '../errors.ts';
import { detailOf, linksSchema, listOf, tagsSchema, timeSchema } from '../responses.ts';
import type { EdgeRoutes } from '../routes.ts';

const OS_TYPES = ['Windows', 'WindowsServer', 'Android', 'iOS', 'Linux', 'macOS'];

const typeSchema = z.strictObject({
  id: z.string(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  tags: tagsSchema,
  operatingSystems: z.array(z.strictObject({ type: z.string(), versions: z.array(z.string()) })),
  assurance: z.enum(['attested', 'declared']),
  _links: linksSchema,
});

const types = postureTypeIds.map((id): z.input<typeof typeSchema> => {
  const time = new Date(0).toISOString();
  return {
    id,
    createdAt: time,
    updatedAt: time,
    tags: {},
    operatingSystems: OS_TYPES.map((type) => ({ type, versions: [] })),
    assurance: ASSURANCE[id],
    _links: links('posture-check-types', id),
  };
});

const item = { postureCheckId: z.string(), timedOut: z.boolean(), lastUpdatedAt: timeSchema };
const postureDataSchema = z.strictObject({
  mac: z.strictObject({ ...item, addresses: z.array(z.string()) }),
  domain: z.strictObject({ ...item, domain: z.string() }),
  os: z.strictObject({ ...item, type: z.string(), version: z.string(), build: z.string() }),
  processes: z.array(
    z.strictObject({
      ...item,
      path: z.string(),
      isRunning: z.boolean(),
      binaryHash: z.string(),
      signerFingerprints: z.array(z.string()),
    }),
  ),
  apiSessionPostureData: z.record(
    z.string(),
    z.strictObject({
      mfa: z.strictObject({
        apiSessionId: z.string(),
        passedMfa: z.boolean(),
        passedAt: timeSchema.nullable(),
        passedOnWake: z.boolean(),
        passedOnUnlock: z.boolean(),
      }),
      endpointState: z.strictObject({
        wokenAt: timeSchema.nullable(),
        unlockedAt: timeSchema.nullable(),
      }),
      sdkInfo: z.record(z.string(), z.string()),
      /** Ours: what a browser declares, the address its requests come from, and the checks it passes. */
      browser: z.strictObject({ name: z.string(), majorVersion: z.int() }).nullable(),
      platform: z.strictObject({ name: z.string(), version: z.string() }).nullable(),
      address: z.string(),
      passingCheckIds: z.array(z.string()),
    }),
  ),
});

export function addPostureRoutes(routes: EdgeRoutes, { store }: ControllerContext): void {
  const access = 'posture-check.read';
  routes.add(
    {
      method: 'get',
      path: '/posture-check-types',
      access,
      summary: 'Types of posture checks',
      operationId: 'listPostureCheckTypes',
      response: listOf(typeSchema),
    },
    () => {
      const page = { limit: types.length, offset: 0, totalCount: types.length };
      return Promise.resolve(list(types, page, ['id']));
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/posture-check-types/:id',
      access,
      summary: 'A type of posture check',
      operationId: 'detailPostureCheckType',
      response: detailOf(typeSchema),
    },
    (request) => {
      const type = types.find(({ id }) => id === request.param('id'));
      if (!type) throw notFound();
      return Promise.resolve(detail(type));
    },
  );
  routes.add(
    {
      method: 'get',
      path: '/identities/:id/posture-data',
      access: 'identity.read',
      summary: 'What the identity’s sessions reported of their devices',
      operationId: 'getIdentityPostureData',
      response: detailOf(postureDataSchema),
    },
    async (request) => {
      const identity = await repositories.identities.get(store.db, request.param('id'));
      if (!identity) throw notFound();
      const states = await statesOf(store.db, identity.id);
      return detail(postureData(states, identity.sdkInfo));
    },
  );
}

/** Facts of the device come from the session that reported last: the API has one place for them. */
function postureData(
  states: readonly PostureState[],
  sdkInfo: Record<string, string>,
): z.input<typeof postureDataSchema> {
  const latest = [...states].sort((a, b) => b.updatedAtMs - a.updatedAtMs);
  const from = <K extends keyof PostureState['reported']>(member: K) => {
    const state = latest.find(({ reported }) => reported[member] !== undefined);
    return { value: state?.reported[member], shared: shared(state) };
  };
  const [mac, domain, os, processes] = [
    from('macAddresses'),
    from('domain'),
    from('os'),
    from('processes'),
  ];
  return {
    mac: { ...mac.shared, addresses: mac.value ?? [] },
    domain: { ...domain.shared, domain: domain.value ?? '' },
    os: { ...os.shared, ...(os.value ?? { type: '', version: '', build: '' }) },
    processes: (processes.value ?? []).map(({ hash, ...process }) => ({
      ...processes.shared,
      ...process,
      binaryHash: hash,
    })),
    apiSessionPostureData: Object.fromEntries(
      states.map(({ sessionId, reported, passing }) => {
        const { mfaPassedAtMs: passedAtMs = 0, wokenAtMs, unlockedAtMs } = reported;
        return [
          sessionId,
          {
            mfa: {
              apiSessionId: sessionId,
              passedMfa: passedAtMs > 0,
              passedAt: passedAtMs > 0 ? time(passedAtMs) : null,
              passedOnWake: wokenAtMs !== undefined && passedAtMs > wokenAtMs,
              passedOnUnlock: unlockedAtMs !== undefined && passedAtMs > unlockedAtMs,
            },
            endpointState: { wokenAt: time(wokenAtMs), unlockedAt: time(unlockedAtMs) },
            sdkInfo,
            browser: reported.browser ?? null,
            platform: reported.platform ?? null,
            address: reported.address ?? '',
            passingCheckIds: passing.map(({ id }) => id),
          },
        ];
      }),
    ),
  };
}

function shared(state: PostureState | undefined) {
  const lastUpdatedAt = new Date(state?.updatedAtMs ?? 0).toISOString();
  return { postureCheckId: '', timedOut: false, lastUpdatedAt };
}

function time(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
