/** The documents are true: lists match manifests, links lead somewhere, commands exist. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { connectorConfigSchema } from '../../connector/src/config.ts';
import { controllerConfigSchema } from '../../controller/src/config.ts';
import { gatewayConfigSchema } from '../../gateway/src/config.ts';
import { routerConfigSchema } from '../../router/src/config.ts';
import {
  codeBlocksIn,
  diagramProblem,
  documentsOf,
  partConfigurationsIn,
} from '../harness/documents.ts';
import { errorCodesOf } from '../harness/error-codes.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');
const manifest = (...path: string[]) => JSON.parse(read(...path, 'package.json'));
const workspaces: string[] = manifest().workspaces;
const documents = ['CHANGELOG.md', ...documentsOf(root)];

const schemas: Partial<
  Record<
    string,
    | typeof connectorConfigSchema
    | typeof controllerConfigSchema
    | typeof gatewayConfigSchema
    | typeof routerConfigSchema
  >
> = {
  controller: controllerConfigSchema,
  router: routerConfigSchema,
  connector: connectorConfigSchema,
  gateway: gatewayConfigSchema,
};

/** Names of headings as links write them (GitHub's rule, for what headings here hold). */
function anchorsOf(markdown: string): Set<string> {
  const prose = markdown.replace(/^ *```[\s\S]*?^ *```$/gm, '');
  const headings = [...prose.matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
  return new Set(headings);
}

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

  it('links to headings that exist', () => {
    const targets = [...text.matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)];
    const missing = targets
      .filter(([, file = '', anchor = '']) => {
        const path = file === '' ? join(root, document) : resolve(root, dirname(document), file);
        return path.endsWith('.md') && !anchorsOf(readFileSync(path, 'utf8')).has(anchor);
      })
      .map(([link]) => link);
    expect(missing).toEqual([]);
  });

  it('has diagrams of a known kind with something in them', () => {
    const problems = codeBlocksIn(text)
      .filter(({ language }) => language === 'mermaid')
      .flatMap((block) => diagramProblem(block.text) ?? []);
    expect(problems).toEqual([]);
  });

  it('shows configurations that the parts take', () => {
    const problems = partConfigurationsIn(text).flatMap(({ part, text: yaml }) => {
      const schema = schemas[part];
      if (!schema) return [`"# ${part}" is no part`];
      const { error } = schema.safeParse(parse(yaml));
      return error ? [`${part}: ${error.message}`] : [];
    });
    expect(problems).toEqual([]);
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

describe('the check of diagrams', () => {
  it.each([
    ['', 'no kind'],
    ['piechart\n  A --> B\n', 'no kind'],
    ['flowchart LR\n', 'draws nothing'],
    ['sequenceDiagram\n  participant A\n', 'draws nothing'],
    ['sequenceDiagram\n  A->>B: one; two\n', 'semicolon'],
    ['xychart-beta\n  title "x"\n', 'draws nothing'],
  ])('finds what is wrong with %j', (text, problem) => {
    expect(diagramProblem(text)).toContain(problem);
  });
});

describe('docs/README.md', () => {
  it('links every document', () => {
    const index = read('docs/README.md');
    const linked = new Set([...index.matchAll(/\]\(([^)#]+)/g)].map(([, target]) => target!));
    const all = documentsOf(root).filter((path) => path.startsWith('docs/'));
    const missing = all
      .map((path) => path.slice('docs/'.length))
      .filter((path) => path !== 'README.md' && !linked.has(path));
    expect(missing).toEqual([]);
  });
});
