/** The audit log against who changes the database, the files beside it, or floods it. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@postern/shared/log';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stores } from '../../../test/harness/stores.ts';
import { defaultAuthPolicy, newEntity, newIdentity, newService } from '../model/defaults.ts';
import { decodeRow } from '../model/table.ts';
import { repositories } from '../store/repositories.ts';
import type { Store } from '../store/store.ts';
import { runAs } from './actor.ts';
import { openAuditLog, type AuditLog } from './audit-log.ts';
import { auditRecords, type AuditRecord } from './audit-table.ts';
import { canonicalJson } from './canonical-json.ts';
import { createDecisions } from './decisions.ts';
import { NOT_RECORDED } from './entity-change.ts';
import { hashRecord } from './hash-record.ts';
import { HEADS_FILE, PUBLIC_KEY_FILE, readHeads, readPublicKey } from './head-log.ts';
import { verifyAudit } from './verify-audit.ts';

const actor = { kind: 'identity', id: 'admin', sessionId: 's1', address: '192.0.2.1' } as const;

describe('canonical JSON', () => {
  it('has one spelling whatever the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const reversed = JSON.parse(
          JSON.stringify(value, (_key, member: unknown) =>
            typeof member === 'object' && member !== null && !Array.isArray(member)
              ? Object.fromEntries(Object.entries(member).reverse())
              : member,
          ),
        ) as unknown;
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('is what RFC 8785 §3.2.3 prints', () => {
    const sample = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6 };
    expect(canonicalJson({ ...sample, o: { b: [56, { d: true }], a: null } })).toBe(
      '{"\\r":2,"1":4,"o":{"a":null,"b":[56,{"d":true}]},"\u0080":6,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
    );
  });
});

describe.each(await stores())('the audit log on $name', (kind) => {
  let folder: string;
  let database: Awaited<ReturnType<typeof kind.create>>;
  let store: Store;
  let log: AuditLog;
  let nowMs: number;

  const openLog = () => openAuditLog({ store, folder, clock: () => nowMs, logger: silentLogger });
  const records = async (): Promise<AuditRecord[]> => {
    const rows = await store.db.selectFrom('auditRecords').selectAll().orderBy('seq').execute();
    return rows.map((row) => decodeRow(auditRecords, row));
  };
  const verify = async (list?: AuditRecord[]) =>
    verifyAudit(list ?? (await records()), {
      heads: await readHeads(join(folder, HEADS_FILE)),
      keys: [await readPublicKey(join(folder, PUBLIC_KEY_FILE))],
    });
  const codes = async (list?: AuditRecord[]) => {
    const { problems } = await verify(list);
    return [...new Set(problems.map(({ code }) => code))];
  };

  beforeEach(async () => {
    nowMs = 1_700_000_000_000;
    folder = await mkdtemp(join(tmpdir(), 'postern-audit-'));
    database = await kind.create();
    store = await database.open(() => nowMs);
    await store.write((tx) => repositories.authPolicies.insert(tx, defaultAuthPolicy(nowMs)));
    log = await openLog();
    await runAs(actor, async () => {
      for (const name of ['a', 'b', 'c'])
        await store.write((tx) =>
          repositories.services.insert(tx, newService({ name, id: name }, nowMs)),
        );
      await store.write((tx) => repositories.services.update(tx, 'b', { name: 'beta' }));
      await store.write((tx) => repositories.services.remove(tx, 'c'));
    });
  });
  afterEach(async () => {
    await log.close().catch(() => undefined);
    await store.close();
    await database.dispose();
    await rm(folder, { recursive: true });
  });

  it('says who did what to which entity, before and after', async () => {
    const list = await records();
    expect(list.map(({ seq, action, entityId }) => [seq, action, entityId])).toEqual([
      [1, 'create', 'default'],
      [2, 'create', 'a'],
      [3, 'create', 'b'],
      [4, 'create', 'c'],
      [5, 'update', 'b'],
      [6, 'delete', 'c'],
    ]);
    expect(list[4]).toMatchObject({
      actorKind: 'identity',
      actorId: 'admin',
      sessionId: 's1',
      address: '192.0.2.1',
      entityKind: 'services',
      details: { members: { name: ['b', 'beta'] } },
    });
    expect(list[0]).toMatchObject({ actorKind: 'system' });
    expect(await verify()).toMatchObject({ ok: true, records: 6, unsigned: 6 });
    await log.sign();
    expect(await verify()).toMatchObject({ ok: true, unsigned: 0, heads: 1 });
  });

  it('keeps nothing of a write that fails, and fails a write that it cannot record', async () => {
    await expect(
      store.write(async (tx) => {
        await repositories.services.remove(tx, 'a');
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await records()).toHaveLength(6);
    await sql`alter table ${sql.table('auditRecords')} rename to ${sql.table('gone')}`.execute(
      store.db,
    );
    await expect(store.write((tx) => repositories.services.remove(tx, 'a'))).rejects.toThrow();
    await sql`alter table ${sql.table('gone')} rename to ${sql.table('auditRecords')}`.execute(
      store.db,
    );
    expect(await repositories.services.get(store.db, 'a')).toBeDefined();
  });

  it('writes no gap when writes come at once', async () => {
    await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        store.write((tx) => repositories.services.insert(tx, newService({ name: `p${n}` }, nowMs))),
      ),
    );
    expect(await verify()).toMatchObject({ ok: true, records: 46 });
  });

  describe('is found out', () => {
    beforeEach(() => log.sign());

    it.each([
      ['changed text', { actorId: 'somebody else' }, ['RECORD_ALTERED']],
      ['changed details', { details: { members: {} } }, ['RECORD_ALTERED']],
      ['changed time', { createdAt: '2020-01-01T00:00:00.000Z' }, ['RECORD_ALTERED']],
      ['changed hash', { hash: 'f'.repeat(64) }, ['RECORD_ALTERED', 'CHAIN_BROKEN']],
    ])('%s', async (_name, change, expected) => {
      const list = await records();
      list[2] = { ...list[2]!, ...change };
      expect(await codes(list)).toEqual(expected);
    });

    it('in the database itself', async () => {
      await store.db
        .updateTable('auditRecords')
        .set({ outcome: 'refused' })
        .where('seq', '=', 5)
        .execute();
      expect(await verify()).toMatchObject({
        ok: false,
        problems: [{ at: 5, code: 'RECORD_ALTERED' }],
      });
    });

    it('a removed record, at the start, in the middle and at the end', async () => {
      const list = await records();
      expect(await codes(list.slice(1))).toEqual(['RECORD_MISSING', 'CHAIN_BROKEN']);
      expect(await codes(list.filter(({ seq }) => seq !== 3))).toEqual([
        'RECORD_MISSING',
        'CHAIN_BROKEN',
      ]);
      expect(await codes(list.slice(0, -1))).toEqual(['TAIL_MISSING']);
      expect(await codes([])).toEqual(['TAIL_MISSING']);
    });

    it('reordered records', async () => {
      const [one, two, three, ...rest] = await records();
      expect(await codes([one!, three!, two!, ...rest])).toContain('CHAIN_BROKEN');
    });

    it('a chain computed anew after a change', async () => {
      const list = await records();
      let previousHash = list[0]!.hash;
      const forged = list.map((record, at) => {
        if (at === 0) return record;
        const anew = { ...record, previousHash, actorId: at === 4 ? 'nobody' : record.actorId };
        previousHash = hashRecord(anew);
        return { ...anew, hash: previousHash };
      });
      expect(await codes(forged)).toEqual(['HEAD_CONTRADICTED']);
    });

    it('heads signed by another key, altered, or of another kind of token', async () => {
      const file = join(folder, HEADS_FILE);
      const [line] = await readHeads(file);
      const other = await mkdtemp(join(tmpdir(), 'postern-audit-'));
      const elsewhere = await openAuditLog({
        store,
        folder: other,
        clock: () => nowMs,
        logger: silentLogger,
      });
      const { jws } = await elsewhere.sign();
      await elsewhere.close();
      await rm(other, { recursive: true });
      const [header, , signature] = line!.split('.');
      const body = Buffer.from(JSON.stringify({ seq: 1, hash: 'a'.repeat(64) })).toString(
        'base64url',
      );
      for (const forged of [jws, `${header}.${body}.${signature}`, 'nonsense', `${line!}x`]) {
        await writeFile(file, `${line}\n${forged}\n`);
        expect((await verify()).problems).toMatchObject([{ at: 2, code: 'HEAD_FORGED' }]);
      }
    });

    it('by the controller that starts on a database without its last head', async () => {
      await log.close();
      await store.db.deleteFrom('auditRecords').where('seq', '>=', 5).execute();
      log = await openLog();
      const list = await records();
      expect(list.at(-1)).toMatchObject({ seq: 5, action: 'audit-discontinuity' });
      expect(await codes()).toEqual(['TAIL_MISSING']);
      // Covering it by new records does not help.
      await store.write((tx) => repositories.services.update(tx, 'a', { name: 'x' }));
      expect(await codes()).toEqual(['HEAD_CONTRADICTED']);
    });
  });

  it('signs a head once, keeps its key to itself and goes on after a restart', async () => {
    await log.sign();
    await log.sign();
    await log.close();
    log = await openLog();
    await log.sign();
    expect(await readHeads(join(folder, HEADS_FILE))).toHaveLength(1);
    expect((await stat(join(folder, 'private.jwk.json'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(folder, PUBLIC_KEY_FILE), 'utf8')).not.toContain('"d"');
  });

  it('holds no secret', async () => {
    const secrets = ['$argon2id$secret', 'token-hash', 'sealed-token', 'config-password'];
    await store.write(async (tx) => {
      await repositories.identities.insert(
        tx,
        newIdentity({ name: 'x', id: 'x', appData: { apiKey: secrets[3]! } }, nowMs),
      );
      const entity = () => ({ ...newEntity(nowMs), tags: { note: secrets[3]! } });
      await repositories.authenticators.insert(tx, {
        ...emptyAuthenticator,
        ...entity(),
        identityId: 'x',
        passwordHash: secrets[0]!,
      });
      await repositories.enrollments.insert(tx, {
        ...emptyEnrollment,
        ...entity(),
        identityId: 'x',
        tokenHash: secrets[1]!,
        sealedToken: secrets[2]!,
      });
    });
    const text = JSON.stringify(await records());
    for (const secret of secrets) expect(text).not.toContain(secret);
    expect(text).toContain(NOT_RECORDED);
  });

  it('stays small under a flood of refusals, and counts what it does not list', async () => {
    const limits = { windowMs: 3_600_000, known: 5, unknown: 3, kinds: 10 };
    const decisions = createDecisions({ store, logger: silentLogger }, limits);
    for (let n = 0; n < 1000; n += 1) {
      decisions.note({
        actor: { kind: 'anonymous', id: '', sessionId: '', address: `192.0.2.${n % 200}` },
        action: 'authenticate',
        outcome: 'refused',
        reason: 'INVALID_AUTH',
      });
    }
    // Strangers cannot use up what is for identities.
    decisions.note({ actor, action: 'dial', outcome: 'refused', reason: 'ERR_ACCESS_NO_POLICY' });
    await decisions.close();
    const added = (await records()).slice(6);
    expect(added.map(({ action }) => action)).toEqual([
      'authenticate',
      'authenticate',
      'authenticate',
      'dial',
      'repeated',
    ]);
    const { decisions: listed, others } = added.at(-1)!.details as {
      decisions: { times: number }[];
      others: number;
    };
    expect(listed.reduce((sum, { times }) => sum + times, others)).toBe(1000 - 3);
    expect(await verify()).toMatchObject({ ok: true });
  });

  it('stores what a caller wrote as every database keeps it', async () => {
    await store.write((tx) => {
      tx.record({ action: 'x\0\ud800y', reason: 'r'.repeat(5000), details: { t: '\ud800\0' } });
      return Promise.resolve();
    });
    expect((await records()).at(-1)).toMatchObject({ action: 'x\ufffd\ufffdy' });
    expect((await records()).at(-1)!.reason.length).toBeLessThan(600);
    expect(await verify()).toMatchObject({ ok: true });
  });
});

const emptyAuthenticator = {
  method: 'updb' as const,
  username: 'x',
  failedAttempts: 0,
  certPem: null,
  fingerprint: null,
  isIssuedByNetwork: false,
  isExtendRequested: false,
  isKeyRollRequested: false,
  extendRequestedAt: null,
  unverifiedCertPem: null,
  unverifiedFingerprint: null,
};
const emptyEnrollment = {
  method: 'ott' as const,
  edgeRouterId: null,
  caId: null,
  username: null,
  expiresAt: new Date(0).toISOString(),
};
