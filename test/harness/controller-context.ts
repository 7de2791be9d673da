/** The controller's shared pieces over a temporary folder, for tests of one listener at a time. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@postern/shared/log';
import { PolicyIndex } from '@postern/shared/policy';
import { auditFolder, openAuditLog } from '../../controller/src/audit/audit-log.ts';
import type { Authentication } from '../../controller/src/auth/authentication.ts';
import { controllerConfigSchema } from '../../controller/src/config.ts';
import type { ControllerContext } from '../../controller/src/context.ts';
import { createControllerEvents } from '../../controller/src/events.ts';
import type { Table, RowOf } from '../../controller/src/model/table.ts';
import { spreadEvents } from '../../controller/src/cluster/spread-events.ts';
import { openPki } from '../../controller/src/pki/open-pki.ts';
import { collectEvents } from '../../controller/src/live/collect-events.ts';
import { startPosture } from '../../controller/src/posture/posture.ts';
import { createLiveState } from '../../controller/src/sessions/live-state.ts';
import { openSealer } from '../../controller/src/store/sealer.ts';
import { repositories } from '../../controller/src/store/repositories.ts';
import { copyAuthority } from './store-controllers.ts';
import { defaultKind, type StoreKind } from './stores.ts';
import type { Repository } from '../../controller/src/store/repository.ts';

export interface TestContext extends ControllerContext {
  /** Moves the clock. */
  advance(ms: number): void;
  /** Inserts a row; members left out get empty values, the name the id. */
  insert<N extends keyof typeof repositories>(
    name: N,
    row: Partial<RowOf<(typeof repositories)[N]['table']>> & { id: string },
  ): Promise<void>;
  dispose(): Promise<void>;
}

export interface TestContextOptions {
  publicUrl?: string;
  loginOrigin?: string;
  auth?: Partial<Authentication>;
  /** Default: `defaultKind`. Deleted with the context. */
  store?: StoreKind;
  /** Another context whose certificate authority it shares, as controllers of one database do. */
  authorityOf?: TestContext;
}

export async function createTestContext(options: TestContextOptions = {}): Promise<TestContext> {
  const dataDir = await mkdtemp(join(tmpdir(), 'postern-controller-'));
  const database = await (options.store ?? defaultKind).create();
  let offsetMs = 0;
  const clock = (): number => Date.now() + offsetMs;
  const config = controllerConfigSchema.parse({
    dataDir,
    admin: { port: 0 },
    public: { port: 0, tls: 'none' },
    control: { port: 0 },
    loginOrigin: options.loginOrigin ?? 'http://login.localhost:1',
    auth: { attemptsPerMinute: 1000 },
  });
  const store = await database.open(clock);
  const events = createControllerEvents();
  const live = createLiveState({ store, events, clock });
  const policy = new PolicyIndex();
  policy.load(await store.snapshot());
  store.changes.subscribe(({ changes }) => {
    for (const change of changes) policy.apply(change);
  });
  if (options.authorityOf) await copyAuthority(options.authorityOf.config.dataDir, dataDir);
  const pki = await openPki({
    dir: join(dataDir, 'pki'),
    trustDomain: config.trustDomain,
    serverNames: ['localhost', '127.0.0.1'],
    clock,
  });
  const insert: TestContext['insert'] = async (name, row) => {
    const repository = repositories[name] as unknown as Repository<Table>;
    const given = {
      ...('name' in repository.table.columns && { name: row.id }),
      ...('authPolicyId' in repository.table.columns && { authPolicyId: 'default' }),
      ...('links' in repository.table.columns && { links: [] }),
      ...row,
    };
    await store.write(async (tx) => {
      await repository.insert(tx, { ...emptyRow(repository.table, clock()), ...given });
    });
  };
  if (!(await repositories.authPolicies.get(store.db, 'default'))) {
    await insert('authPolicies', {
      id: 'default',
      secondary: { requireTotp: false, requireExtJwtSigner: null },
    });
  }
  const stopSpreading = spreadEvents(events, store, silentLogger);
  const audit = await openAuditLog({
    store,
    folder: auditFolder(config),
    clock,
    logger: silentLogger,
  });
  const posture = startPosture(
    { store, clock, logger: silentLogger, policy },
    { countryOf: () => undefined },
  );
  const liveEvents = await collectEvents({ store, events, audit, clock, logger: silentLogger });
  return {
    config,
    logger: silentLogger,
    store,
    pki,
    sealer: await openSealer(join(dataDir, 'pki')),
    clock,
    policy,
    events,
    live,
    audit,
    posture,
    liveEvents,
    auth: {
      verifyPassword: () => Promise.resolve(undefined),
      verifyExternalJwt: () => Promise.reject(new Error('no external signer')),
      findIdentityForExternalJwt: () => Promise.resolve(undefined),
      isIdentityOf: () => false,
      verifySessionToken: () => Promise.resolve({ status: 'foreign' }),
      ...options.auth,
    },
    endpoints: {
      admin: 'https://127.0.0.1:1',
      public: options.publicUrl ?? 'http://127.0.0.1:1',
      control: [],
    },
    checkResponses: true,
    advance: (ms) => (offsetMs += ms),
    insert,
    dispose: async () => {
      stopSpreading();
      pki.close();
      posture.close();
      liveEvents.close();
      await audit.close();
      await store.close();
      await database.dispose();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function emptyRow(table: Table, nowMs: number): Record<string, unknown> {
  const empty = {
    text: '',
    number: 0,
    boolean: false,
    datetime: new Date(nowMs).toISOString(),
    strings: [],
    map: {},
    json: {},
  };
  return Object.fromEntries(
    Object.entries(table.columns).map(([name, { kind, nullable }]) => [
      name,
      nullable ? null : empty[kind],
    ]),
  );
}
