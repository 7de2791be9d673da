/**
 * Whatever is written, in whatever order: the controller's index, a router that follows the changes, one
 * that starts from a snapshot, and the rules read literally from the database say the same.
 */
import { PolicyIndex, type From } from '@postern/shared/policy';
import { snapshotSchema } from '@postern/shared/schemas';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  defaultAuthPolicy,
  newEntity,
  newIdentity,
  newService,
} from '../../controller/src/model/defaults.ts';
import { removeState, writeState } from '../../controller/src/posture/posture-states.ts';
import { repositories } from '../../controller/src/store/repositories.ts';
import type { Store, WriteTx } from '../../controller/src/store/store.ts';
import { RouterState } from '../../router/src/state/router-state.ts';
import { PolicyOracle } from '../../shared/src/policy/policy-oracle.ts';
import { stores, type TestDatabase } from '../harness/stores.ts';

type Command = (tx: WriteTx) => Promise<unknown>;

const ids = ['1', '2', '3'];
const id = fc.constantFrom(...ids);
const attributes = fc.uniqueArray(fc.constantFrom('a', 'b', 'all'), { maxLength: 2 });
const roles = fc.array(fc.constantFrom('#a', '#b', '#all', '@1', '@2'), { maxLength: 3 });
const semantic = fc.constantFrom('AllOf' as const, 'AnyOf' as const);
const checkRoles = fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, roles);
const tags = {};

/** Inserts, or changes what is there. */
async function put(
  tx: WriteTx,
  table: keyof typeof repositories,
  row: { id: string } & Record<string, unknown>,
): Promise<void> {
  const repository = repositories[table] as unknown as {
    get(db: WriteTx['db'], id: string): Promise<unknown>;
    insert(tx: WriteTx, row: unknown): Promise<unknown>;
    update(tx: WriteTx, id: string, patch: unknown): Promise<unknown>;
  };
  if (await repository.get(tx.db, row.id)) await repository.update(tx, row.id, row);
  else await repository.insert(tx, row);
}
const entity = (key: string) => ({ ...newEntity(0), id: key, tags });
const tables = [
  'identities',
  'services',
  'edgeRouters',
  'servicePolicies',
  'edgeRouterPolicies',
  'serviceEdgeRouterPolicies',
  'postureChecks',
] as const;

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.tuple(id, attributes, fc.boolean()).map(
    ([key, roleAttributes, disabled]): Command =>
      (tx) =>
        put(tx, 'identities', {
          ...newIdentity({ name: `i${key}`, roleAttributes }, 0),
          id: key,
          disabledAt: disabled ? new Date(0).toISOString() : null,
        }),
  ),
  fc.tuple(id, attributes).map(
    ([key, roleAttributes]): Command =>
      (tx) =>
        put(tx, 'services', { ...newService({ name: `s${key}`, roleAttributes }, 0), id: key }),
  ),
  fc.tuple(id, attributes, fc.boolean()).map(
    ([key, roleAttributes, disabled]): Command =>
      (tx) =>
        put(tx, 'edgeRouters', {
          ...emptyRouter,
          ...entity(key),
          name: `r${key}`,
          roleAttributes,
          disabled,
        }),
  ),
  fc
    .tuple(
      id,
      roles,
      roles,
      checkRoles,
      semantic,
      fc.constantFrom('Dial' as const, 'Bind' as const),
    )
    .map(
      ([key, identityRoles, serviceRoles, postureCheckRoles, how, type]): Command =>
        (tx) =>
          put(tx, 'servicePolicies', {
            ...entity(key),
            name: `p${key}`,
            type,
            semantic: how,
            identityRoles,
            serviceRoles,
            postureCheckRoles,
          }),
    ),
  fc.tuple(id, roles, roles, semantic).map(
    ([key, identityRoles, edgeRouterRoles, how]): Command =>
      (tx) =>
        put(tx, 'edgeRouterPolicies', {
          ...entity(key),
          name: `e${key}`,
          semantic: how,
          identityRoles,
          edgeRouterRoles,
          isSystem: false,
        }),
  ),
  fc.tuple(id, roles, roles, semantic).map(
    ([key, serviceRoles, edgeRouterRoles, how]): Command =>
      (tx) =>
        put(tx, 'serviceEdgeRouterPolicies', {
          ...entity(key),
          name: `se${key}`,
          semantic: how,
          serviceRoles,
          edgeRouterRoles,
        }),
  ),
  fc.tuple(id, attributes, fc.boolean()).map(
    ([key, roleAttributes, isNetwork]): Command =>
      (tx) =>
        put(tx, 'postureChecks', {
          ...entity(key),
          name: `c${key}`,
          typeId: isNetwork ? 'NETWORK' : 'DOMAIN',
          roleAttributes,
          version: 1,
          definition: isNetwork ? { networks: ['192.0.2.1/32'] } : { domains: ['x'] },
        }),
  ),
  fc
    .tuple(
      id,
      id,
      fc.array(fc.record({ id, untilMs: fc.constantFrom(5, 50) }, { requiredKeys: ['id'] }), {
        maxLength: 3,
      }),
    )
    .map(
      ([sessionId, identityId, passing]): Command =>
        (tx) =>
          writeState(
            tx,
            { sessionId, identityId, reported: {}, passing, updatedAtMs: 0 },
            undefined,
          ),
    ),
  id.map(
    (key): Command =>
      (tx) =>
        removeState(tx, key),
  ),
  fc.tuple(fc.constantFrom(...tables), id).map(
    ([table, key]): Command =>
      (tx) =>
        repositories[table].remove(tx, key),
  ),
);

/** Everything allowed to everybody, so that what follows decides something. */
async function allowAll(tx: WriteTx): Promise<void> {
  const all = { semantic: 'AnyOf', identityRoles: ['#all'], serviceRoles: ['#all'] };
  for (const key of ids) {
    const identity = newIdentity({ name: `i${key}`, roleAttributes: ['a'] }, 0);
    await put(tx, 'identities', { ...identity, id: key, disabledAt: null });
    await put(tx, 'services', {
      ...newService({ name: `s${key}`, roleAttributes: ['b'] }, 0),
      id: key,
    });
  }
  await put(tx, 'edgeRouters', {
    ...emptyRouter,
    ...entity('1'),
    name: 'r1',
    roleAttributes: [],
    disabled: false,
  });
  const routers = { ...entity('1'), ...all, edgeRouterRoles: ['#all'] };
  await put(tx, 'edgeRouterPolicies', { ...routers, name: 'e1', isSystem: false });
  await put(tx, 'serviceEdgeRouterPolicies', { ...routers, name: 'se1' });
  const policy = { ...entity('1'), ...all, name: 'p1', type: 'Dial', postureCheckRoles: [] };
  await put(tx, 'servicePolicies', policy);
}

const froms: (From | undefined)[] = [
  undefined,
  'posture-ignored',
  { address: 'elsewhere', nowMs: 10 },
  { address: '192.0.2.1', nowMs: 10, sessionId: '1' },
  { address: '192.0.2.9', nowMs: 10, sessionId: '2' },
];
interface View {
  mayDial(identityId: string, serviceId: string, from?: From): boolean;
  mayBind(identityId: string, serviceId: string, from?: From): boolean;
}
const answers = (view: View): string[] =>
  ids.flatMap((i) =>
    ids.flatMap((s) =>
      froms.flatMap((from, at) => [
        ...(view.mayDial(i, s, from) ? [`${i} dials ${s} from ${at}`] : []),
        ...(view.mayBind(i, s, from) ? [`${i} binds ${s} from ${at}`] : []),
      ]),
    ),
  );

describe.each(await stores())('views of policy on $name', { timeout: 120_000 }, (kind) => {
  let database: TestDatabase;
  let store: Store;
  const followed = new PolicyIndex();
  const router = new RouterState();

  beforeAll(async () => {
    database = await kind.create();
    store = await database.open();
    await store.write((tx) => repositories.authPolicies.insert(tx, defaultAuthPolicy(0)));
    const snapshot = await store.snapshot();
    followed.load(snapshot);
    router.load(snapshot);
    store.changes.subscribe((delta) => {
      for (const change of delta.changes) followed.apply(change);
      router.apply(delta);
    });
  });
  afterAll(async () => {
    await store.close();
    await database.dispose();
  });

  const oracleOfDatabase = async (): Promise<View> => {
    const oracle = new PolicyOracle();
    const { entities } = await store.snapshot();
    for (const [name, list] of Object.entries(entities))
      for (const value of list)
        oracle.apply({ op: 'put', kind: name, value } as Parameters<PolicyOracle['apply']>[0]);
    return {
      mayDial: (i, s, from) => oracle.may('Dial', i, s, from),
      mayBind: (i, s, from) => oracle.may('Bind', i, s, from),
    };
  };

  it('agree after every sequence of writes, several to a transaction', async () => {
    let decided = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(command, { maxLength: 4 }), { maxLength: 8 }),
        async (writes) => {
          await store.write(allowAll);
          for (const commands of writes)
            await store.write(async (tx) => {
              for (const run of commands) await run(tx);
            });
          const snapshot = await store.snapshot();
          // As a router reads it back from its disk.
          const restarted = new RouterState();
          restarted.load(snapshotSchema.parse(JSON.parse(JSON.stringify(snapshot))));
          const expected = answers(await oracleOfDatabase());
          decided += expected.length;
          expect(answers(followed)).toEqual(expected);
          expect(answers(router.policy)).toEqual(expected);
          expect(answers(restarted.policy)).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
    expect(decided).toBeGreaterThan(100);
  });
});

const emptyRouter = {
  cost: 0,
  noTraversal: false,
  isTunnelerEnabled: false,
  appData: {},
  configs: [],
  ctrlChanListeners: {},
  isVerified: false,
  fingerprint: null,
  certPem: null,
  isOnline: false,
  isTransit: false,
  hostname: '',
  edgeUrls: [],
  fabricAddresses: [],
  links: [],
};
