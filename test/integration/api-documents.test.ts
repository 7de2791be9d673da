/**
 * docs/openapi/*.json are what a controller serves, and the tables of docs/api.md account for every
 * operation of OpenZiti's APIs and of ours. `npx vitest run -u` with this file's name renews them.
 */
import { readFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CLIENT,
  FABRIC,
  MANAGEMENT,
  startEdgeController,
  type EdgeController,
  type OpenApi,
  type OpenApiOperation,
} from '../harness/edge-controller.ts';
import {
  clientOperations,
  managementOperations,
  type Operation,
} from '../harness/edge-operations.ts';
import { testedElsewhere } from '../harness/operations-tested-elsewhere.ts';

const TABLE = 'docs/api.md';
const WALK = 'test/integration/api-operations.test.ts';
const APIS = [
  { name: 'management', base: MANAGEMENT, listed: managementOperations },
  { name: 'client', base: CLIENT, listed: clientOperations },
  { name: 'fabric', base: FABRIC, listed: [] as Operation[] },
] as const;

let edge: EdgeController;
const documents = new Map<string, OpenApi>();
beforeAll(async () => {
  edge = await startEdgeController();
  for (const { base } of APIS) documents.set(base, await edge.document(base));
});
afterAll(() => edge.dispose());

const documentOf = (base: string): OpenApi => {
  const document = documents.get(base);
  if (!document) throw new Error(`no document at ${base}`);
  return document;
};

describe.each(APIS)('the $name API', ({ name, base, listed }) => {
  it('is described as docs/openapi says', async () => {
    const file = `docs/openapi/${name}.json`;
    const text = await pretty(JSON.stringify(documentOf(base)), file);
    await expect(text).toMatchFileSnapshot(`../../${file}`);
  });

  it('has every operation that existing clients may call', () => {
    const { paths } = documentOf(base);
    const missing = listed.filter(({ method, path }) => paths[path]?.[method] === undefined);
    expect(missing.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  it('names each operation once, and says what it answers', () => {
    const operations = Object.values(documentOf(base).paths).flatMap((path) => Object.values(path));
    const names = operations.map(({ operationId }) => operationId);
    expect(names.filter((one, at) => names.indexOf(one) !== at)).toEqual([]);
    const silent = operations.filter(
      ({ description, responses }) =>
        description === undefined && !Object.values(responses).some((one) => 'content' in one),
    );
    expect(silent.map(({ operationId }) => operationId)).toEqual([]);
  });

  it('shows its description as a page that may load and run nothing', async () => {
    const { status, text, headers } = await edge.call('GET', `${base}/docs`);
    expect(status).toBe(200);
    expect(text).toContain('<h1>');
    expect(text).not.toMatch(/<(script|img|link|iframe)|href="(?!#|openapi\.json")/);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
  });
});

it('accounts for as many operations as OpenZiti describes', () => {
  const paths = (operations: readonly Operation[]): number =>
    new Set(operations.map(({ path }) => path)).size;
  expect([managementOperations.length, paths(managementOperations)]).toEqual([199, 118]);
  expect([clientOperations.length, paths(clientOperations)]).toEqual([59, 46]);
});

it('has its operations in the tables of docs/api.md', async () => {
  let page = await readFile(TABLE, 'utf8');
  for (const { name, base, listed } of APIS) {
    const { paths } = documentOf(base);
    const ours = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => ({ method, path })),
    );
    const isListed = ({ method, path }: Operation): boolean =>
      listed.some((one) => one.method === method && one.path === path);
    if (listed.length > 0) page = put(page, `${name}-existing`, table(base, paths, listed));
    page = put(
      page,
      `${name}-own`,
      table(
        base,
        paths,
        ours.filter((one) => !isListed(one)),
      ),
    );
  }
  await expect(await pretty(page, TABLE)).toMatchFileSnapshot(`../../${TABLE}`);
});

function table(base: string, paths: OpenApi['paths'], operations: readonly Operation[]): string {
  const rows = operations.map(({ method, path }) => {
    const operation = paths[path]?.[method];
    if (!operation) throw new Error(`${method} ${path} is missing`);
    const { description, summary } = operation;
    const tested = testOf(`${method} ${base}${path}`, operation);
    const cells = [
      `\`${method.toUpperCase()} ${path}\``,
      `\`${operation['x-access']}\``,
      description === undefined ? summary : `No meaning here: ${description}`,
      answersOf(operation),
      tested.replace('test/integration/', '').replace('.test.ts', ''),
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return [
    '| operation | access | what it does | answers | tested by |',
    '|-|-|-|-|-|',
    ...rows,
  ].join('\n');
}

/** Its success, or the refusal that stands for one. */
function answersOf({ responses }: OpenApiOperation): string {
  const served = Object.entries(responses).find(([, response]) => 'content' in response)?.[0];
  return served ?? ['501', '400'].find((status) => status in responses) ?? '';
}

function testOf(key: string, { description, responses }: OpenApiOperation): string {
  const [elsewhere] = Object.entries(testedElsewhere).find(([, keys]) => keys.includes(key)) ?? [];
  if (elsewhere !== undefined) return elsewhere;
  const isRefused =
    description !== undefined && answersOf({ responses } as OpenApiOperation) >= '400';
  return isRefused ? 'test/integration/api-authorization.test.ts' : WALK;
}

/** Replaces what stands between a pair of marks. */
function put(page: string, mark: string, text: string): string {
  const [start, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from === -1 || to === -1) throw new Error(`${TABLE} lacks the marks of ${mark}`);
  return `${page.slice(0, from + start.length)}\n\n${text}\n\n${page.slice(to)}`;
}

async function pretty(text: string, filepath: string): Promise<string> {
  return format(text, { ...(await resolveConfig(filepath)), filepath });
}
