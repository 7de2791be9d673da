/** docs/storage.md lists every table and every column that is hashed, sealed or named like a secret. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUTHORITY_FILES } from '../../controller/src/cluster/authority.ts';
import { KEPT_DELTAS } from '../../controller/src/store/change-log.ts';
import { modelTables } from '../../controller/src/store/tables.ts';
import { sqliteKind, type TestDatabase } from '../harness/stores.ts';

const text = readFileSync(new URL('../../docs/storage.md', import.meta.url), 'utf8');
const rows = new Map(
  [...text.matchAll(/^\| `(\w+)` +\| ([^|]+)\| ([^|]*)\|$/gm)].map(
    ([, table = '', holds = '', secrets = '']) =>
      [table, { holds, named: [...secrets.matchAll(/`(\w+)`/g)].map(([, name]) => name) }] as const,
  ),
);
const LOOKS_SECRET = /hash|sealed|secret|password|token$/i;

describe('docs/storage.md', () => {
  let database: TestDatabase;
  const columns = new Map<string, string[]>();
  beforeAll(async () => {
    database = await sqliteKind.create();
    const store = await database.open();
    for (const { name, columns: found } of await store.db.introspection.getTables())
      columns.set(
        name,
        found.map((column) => column.name),
      );
    await store.close();
  });
  afterAll(() => database.dispose());

  it('lists exactly the tables there are, and says what each holds', () => {
    expect([...rows.keys()]).toEqual([...columns.keys()].sort());
    for (const { holds } of rows.values()) expect(holds.trim()).not.toBe('');
  });

  it('names every column that holds a secret or looks like it', () => {
    const secret = new Map(
      modelTables.map(({ name, columns: described }) => [
        name,
        Object.entries(described).filter(([, column]) => column.secret),
      ]),
    );
    for (const [table, names] of columns) {
      const kept = (secret.get(table) ?? []).map(([name]) => name);
      const wanted = new Set([...kept, ...names.filter((name) => LOOKS_SECRET.test(name))]);
      expect(rows.get(table)?.named, table).toEqual(expect.arrayContaining([...wanted]));
    }
  });

  it('states what the code does', () => {
    for (const name of AUTHORITY_FILES) expect(text).toContain(`\`${name}\``);
    expect(text).toContain(`the last ${KEPT_DELTAS.toLocaleString('en')} changes`);
  });
});
