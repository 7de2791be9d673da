import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeySet, verifyDialGrant } from '@postern/shared/grants';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestContext, type TestContext } from '../../../test/harness/controller-context.ts';
import { createGrantIssuer } from '../grants/issue-grants.ts';
import { KEY_LIFE_MS } from './key-schedule.ts';
import { openSigningKeys } from './signing-keys.ts';

const ISSUER = 'https://ctrl.test/oidc';
let ctx: TestContext;
const folder = () => join(ctx.config.dataDir, 'keys');

beforeEach(async () => {
  ctx = await createTestContext();
});
afterEach(() => ctx.dispose());

describe('signing keys', () => {
  it('are private files outside the database', async () => {
    const keys = await openSigningKeys(ctx, () => ISSUER);
    const files = await readdir(folder());
    expect(files).toHaveLength(4);
    for (const file of files) expect((await stat(join(folder(), file))).mode & 0o777).toBe(0o600);
    const { privateKey, privateJwk } = keys.current('grant');
    expect(privateKey.extractable).toBe(false);
    const db = ctx.store.db.withTables<Record<string, Record<string, unknown>>>();
    const rows = await db.selectFrom('signingKeys').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(privateJwk.d);
    keys.close();
  });

  it('are the same after a restart', async () => {
    const first = await openSigningKeys(ctx, () => ISSUER);
    first.close();
    const second = await openSigningKeys(ctx, () => ISSUER);
    second.close();
    expect(second.current('token').kid).toBe(first.current('token').kid);
  });

  it('rotate with overlap: the successor is published first, the predecessor verifies on', async () => {
    const keys = await openSigningKeys(ctx, () => ISSUER);
    const before = keys.current('grant');
    await keys.rotate('grant');
    expect(keys.current('grant')).toBe(before);
    expect(keys.all('grant')).toHaveLength(2);
    const { token } = await createGrantIssuer(ctx, keys).dialGrant({
      identity: { id: 'alice', name: 'Alice' },
      serviceId: 'wiki',
      sessionId: 's',
      thumbprint: 'x'.repeat(43),
      hostIds: ['host'],
    });
    ctx.advance(11 * 60_000);
    expect(keys.current('grant')).not.toBe(before);
    ctx.advance(-11 * 60_000);
    const options = {
      keys: createKeySet(keys.all('grant')),
      time: { nowMs: ctx.clock(), connected: true },
    };
    expect((await verifyDialGrant(token, options)).sub).toBe('alice');
    keys.close();
  });

  it('that are compromised sign nothing and verify nothing from then on', async () => {
    const keys = await openSigningKeys(ctx, () => ISSUER);
    let changes = 0;
    keys.onChange(() => (changes += 1));
    const before = keys.current('grant');
    await keys.rotate('grant', { isCompromised: true });
    expect(keys.current('grant').kid).not.toBe(before.kid);
    expect(keys.all('grant').map(({ kid }) => kid)).toEqual([keys.current('grant').kid]);
    expect(await readdir(folder())).not.toContain(`${before.kid}.jwk.json`);
    expect(changes).toBe(1);
    keys.close();
    const again = await openSigningKeys(ctx, () => ISSUER);
    expect(again.all('grant')).toHaveLength(1);
    again.close();
  });

  it('of every controller are replaced when they are compromised', async () => {
    const first = await openSigningKeys(ctx, () => ISSUER);
    const other = { ...ctx, config: { ...ctx.config, dataDir: join(ctx.config.dataDir, 'other') } };
    const second = await openSigningKeys(other, () => ISSUER);
    const before = [first, second].map((keys) => keys.current('token').kid);
    expect(before[0]).not.toBe(before[1]);
    const replaced = new Promise<void>((resolve) => second.onChange(resolve));
    await first.rotate('token', { isCompromised: true });
    await replaced;
    const after = [first, second].map((keys) => keys.current('token').kid);
    for (const kid of after) expect(before).not.toContain(kid);
    for (const keys of [first, second]) {
      expect(new Set(keys.all('token').map(({ kid }) => kid))).toEqual(new Set(after));
      keys.close();
    }
  });

  it('come and go with time, in the change log too', async () => {
    const first = await openSigningKeys(ctx, () => ISSUER);
    const old = first.current('grant').kid;
    first.close();
    ctx.advance(KEY_LIFE_MS.grant);
    const second = await openSigningKeys(ctx, () => ISSUER);
    second.close();
    expect(second.all('grant')).toHaveLength(2);
    ctx.advance(3 * 3_600_000);
    const third = await openSigningKeys(ctx, () => ISSUER);
    third.close();
    expect(third.all('grant').map(({ kid }) => kid)).not.toContain(old);
    const deltas = (await ctx.store.changes.since(0)) ?? [];
    const changes = deltas.flatMap((delta) => delta.changes);
    expect(changes).toContainEqual({ op: 'delete', kind: 'signingKey', key: old });
    expect(await readdir(folder())).not.toContain(`${old}.jwk.json`);
  });

  it('are made anew when the private part is lost, or the issuer changed', async () => {
    const first = await openSigningKeys(ctx, () => ISSUER);
    first.close();
    await rm(folder(), { recursive: true });
    const second = await openSigningKeys(ctx, () => ISSUER);
    second.close();
    expect(second.current('token').kid).not.toBe(first.current('token').kid);
    const third = await openSigningKeys(ctx, () => 'https://new.test/oidc');
    third.close();
    expect(third.current('token').issuer).toBe('https://new.test/oidc');
  });
});
