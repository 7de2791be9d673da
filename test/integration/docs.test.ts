/** The documents are true: lists match manifests, links lead somewhere, commands exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { errorCodesOf } from '../harness/error-codes.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');
const manifest = (...path: string[]) => JSON.parse(read(...path, 'package.json'));
const workspaces: string[] = manifest().workspaces;
const documents = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'))
    .filter((f) => f.endsWith('.md'))
    .map((f) => `docs/${f}`),
];

describe('docs/dependencies.md', () => {
  const rows = new Map(
    [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` +\| ([^|]+) \| ([^|]+) \|/gm)].map(
      ([, name, users, licence]) => [name!, { users: users!.trim(), licence: licence!.trim() }],
    ),
  );
  const used = new Map<string, Set<string>>();
  for (const workspace of workspaces) {
    for (const name of Object.keys(manifest(workspace).dependencies ?? {})) {
      if (!name.startsWith('@postern/'))
        used.set(name, (used.get(name) ?? new Set()).add(workspace));
    }
  }

  it('lists exactly what the packages depend on', () => {
    expect([...rows.keys()].sort()).toEqual([...used.keys()].sort());
  });

  it.each([...rows])('%s has the licence its package states', (name, { licence }) => {
    const folder = ['', ...workspaces]
      .map((w) => join(root, w, 'node_modules', name))
      .find((f) => existsSync(f));
    expect(JSON.parse(readFileSync(join(folder!, 'package.json'), 'utf8')).license).toBe(licence);
  });
});

describe.each(documents)('%s', (document) => {
  const text = read(document);

  it('links to files that exist', () => {
    const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => target!);
    const missing = targets.filter(
      (target) => !existsSync(resolve(root, dirname(document), target)),
    );
    expect(missing).toEqual([]);
  });

  it('names npm scripts, files of the tree and test projects that exist', () => {
    const scripts = [...text.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name]) => name!);
    expect(scripts.filter((name) => !(name in manifest().scripts))).toEqual([]);
    const paths = [
      ...text.matchAll(
        /`((?:shared|controller|router|connector|gateway|sw|cli|test|docs)\/[\w./-]+)`/g,
      ),
    ].map(([, path]) => path!);
    expect(paths.filter((path) => !existsSync(join(root, path.replace(/\/$/, ''))))).toEqual([]);
  });

  it('names error codes that exist', () => {
    const codes = new Set([...text.matchAll(/`(ERR_[A-Z_0-9]+)`/g)].map(([, code]) => code!));
    const known = errorCodesOf(root, workspaces);
    expect([...codes].filter((code) => !known.has(code) && !code.endsWith('_'))).toEqual([]);
  });
});
