/**
 * Kills a controller in the middle of concurrent writes, and on PostgreSQL now and then the database
 * server too, again and again: nothing that was acknowledged may be lost. `scripts/kill-rounds.mjs`
 * runs it for longer.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyAudit } from '../../controller/src/audit/verify-audit.ts';
import { decodeRow } from '../../controller/src/model/table.ts';
import { auditRecords } from '../../controller/src/audit/audit-table.ts';
import { repositories } from '../../controller/src/store/repositories.ts';
import {
  adminPassword,
  AdminClient,
  isCreated,
  startController,
  type ControllerProcess,
} from '../harness/store-controllers.ts';
import { postgresKind, sqliteKind, type TestDatabase } from '../harness/stores.ts';

const ROUNDS = Number(process.env['POSTERN_KILL_ROUNDS'] ?? 10);
const SEED = Number(process.env['POSTERN_KILL_SEED'] ?? 1);
const WANTED = process.env['POSTERN_KILL_STORE'];
const WRITERS = 8;
const MAX_WRITES = 60;
/** Of ten rounds on PostgreSQL, in how many the server is killed as well. */
const SERVER_KILLS = 3;

const postgres = await postgresKind();
const kinds = [sqliteKind, ...(postgres ? [postgres] : [])].filter(
  ({ name }) => WANTED === undefined || name.toLowerCase() === WANTED,
);

describe.each(kinds)('kill -9 on $name', ({ name, create }) => {
  let database: TestDatabase;
  let dataDir: string;
  beforeAll(async () => {
    database = await create();
    dataDir = await mkdtemp(join(tmpdir(), 'postern-kill-'));
  });
  afterAll(async () => {
    await database.dispose();
    await rm(dataDir, { recursive: true, force: true });
  });

  it(
    `loses no acknowledged write in ${ROUNDS} rounds`,
    { timeout: 60_000 + ROUNDS * 20_000 },
    async () => {
      const random = mulberry32(SEED);
      const below = (limit: number): number => Math.floor(random() * limit);
      const config = await database.config();
      const server = name === 'PostgreSQL' ? await postgres?.server() : undefined;
      const acknowledged = new Set<string>();
      const tally = { controllerKills: 0, serverKills: 0, writesAfterServerKill: 0 };
      const startedMs = performance.now();

      for (let round = 0; round < ROUNDS; round++) {
        const controller = await startController(dataDir, config);
        const client = new AdminClient([controller]);
        await client.signIn(await adminPassword(dataDir));
        const wanted = 1 + below(MAX_WRITES);
        const before = acknowledged.size;
        const killsServer = server !== undefined && below(10) < SERVER_KILLS;
        const goesOnWithoutServer = killsServer && below(2) === 0;

        const reached = (count: number) =>
          write(controller, client, acknowledged, `r${round}`, before + count);
        await reached(wanted);
        if (goesOnWithoutServer) {
          // The controller outlives its database and goes on when that is back.
          const writing = reached(wanted + 5);
          await server?.kill();
          await server?.start();
          await writing;
          tally.writesAfterServerKill += 5;
        }
        await Promise.all([
          controller.kill(),
          killsServer && !goesOnWithoutServer && server?.kill(),
        ]);
        if (killsServer && !goesOnWithoutServer) await server?.start();
        tally.controllerKills += 1;
        tally.serverKills += killsServer ? 1 : 0;
        await client.close();
        await expectAll(database, acknowledged);
      }

      const report = {
        store: name,
        seed: SEED,
        rounds: ROUNDS,
        ...tally,
        acknowledged: acknowledged.size,
        lost: 0,
        seconds: Math.round((performance.now() - startedMs) / 1000),
      };
      const file = process.env['POSTERN_KILL_REPORT'];
      if (file !== undefined) await writeFile(file, JSON.stringify(report));
    },
  );
});

/** Concurrent writers until `count` writes of all rounds are acknowledged; those under way go on unheard. */
function write(
  controller: ControllerProcess,
  client: AdminClient,
  acknowledged: Set<string>,
  prefix: string,
  count: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = acknowledged.size;
    const writer = async (): Promise<void> => {
      let service = '';
      while (acknowledged.size < count) {
        service ||= `${prefix}-${next++}`;
        try {
          const answer = await client.send('POST', 'services', {
            name: service,
            encryptionRequired: true,
          });
          if (isCreated(answer)) {
            acknowledged.add(service);
            service = '';
          } else if (answer.status < 500) {
            reject(new Error(`${service} was answered ${JSON.stringify(answer)}`));
            return;
          }
        } catch {
          // Killed meanwhile, or its database was: the same write is tried again.
          if (controller.hasEnded && acknowledged.size < count) {
            reject(new Error('the controller ended by itself'));
            return;
          }
          await new Promise((wait) => setImmediate(wait));
        }
      }
      resolve();
    };
    for (let at = 0; at < WRITERS; at++) void writer();
  });
}

/** Everything acknowledged is stored and logged, the log has no gap, the audit chain holds. */
async function expectAll(database: TestDatabase, acknowledged: ReadonlySet<string>): Promise<void> {
  const store = await database.open();
  try {
    const services = await repositories.services.find(store.db);
    const stored = new Set(services.map((service) => service.name));
    expect([...acknowledged].filter((name) => !stored.has(name))).toEqual([]);
    const deltas = await store.changes.since(Math.max(0, store.changes.index - 5000));
    const indexes = deltas?.map(({ index }) => index) ?? [];
    expect(indexes).toEqual(indexes.map((_, at) => (indexes[0] ?? 0) + at));
    expect(indexes.at(-1)).toBe(store.changes.index);
    const rows = await store.db.selectFrom('auditRecords').selectAll().orderBy('seq').execute();
    const records = rows.map((row) => decodeRow(auditRecords, row));
    expect(await verifyAudit(records, { heads: [], keys: [] })).toMatchObject({ problems: [] });
    const created = records.filter(
      ({ action, entityKind }) => action === 'create' && entityKind === 'services',
    );
    expect(created).toHaveLength(services.length);
  } finally {
    await store.close();
  }
}

/** A small seeded generator, so that a round that failed can be run again. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
