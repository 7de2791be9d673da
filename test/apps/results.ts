/** Times of the scripts, kept from run to run, and the table made of them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import type { FullBrowserKind } from '../harness/browser.ts';
import type { Application } from './application.ts';
import type { Way } from './matrix.ts';

const given = process.env['POSTERN_APPS_RESULTS'];
const file = given ?? fileURLToPath(new URL('results.json', import.meta.url));

/** Shortest time of the script each way, in ms. */
export type Times = Record<Way, number>;
export interface AppResult {
  version: string;
  timesMs: Partial<Record<FullBrowserKind, Times>>;
}
export type Results = Record<string, AppResult>;

export const readResults = (): Results =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : {};

/** Puts one run in the place of the last one of that application and engine. */
export function recordRun(
  name: string,
  version: string,
  kind: FullBrowserKind,
  times: Times,
): void {
  const results = readResults();
  const before = results[name]?.timesMs ?? {};
  const rounded = { direct: Math.round(times.direct), through: Math.round(times.through) };
  results[name] = { version, timesMs: { ...before, [kind]: rounded } };
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}

/** Markdown table of the applications, in the order given. */
export function renderTable(applications: readonly Application[], results: Results): string {
  const rows = applications.map(({ name, title, from, task, limits }) => {
    const result = results[name];
    const cell = (kind: FullBrowserKind): string => {
      const times = result?.timesMs[kind];
      if (limits?.[kind] !== undefined) return `direct only: ${limits[kind]}`;
      return times ? `${seconds(times.direct)} / ${seconds(times.through)}` : 'not run';
    };
    const source = `${from}${result ? ` ${result.version}` : ''}`;
    return `| ${title} | ${source} | ${task} | ${cell('chromium')} | ${cell('firefox')} |`;
  });
  return [
    '| Application | From | What its user does | Chromium, s | Firefox, s |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(1);

const document = fileURLToPath(new URL('../../docs/applications.md', import.meta.url));

/** Puts the table of what was measured so far into the document, unless results go elsewhere. */
export async function writeTable(applications: readonly Application[]): Promise<void> {
  if (given !== undefined) return;
  const table = renderTable(applications, readResults());
  const text = readFileSync(document, 'utf8').replace(
    /(<!-- times -->)[^]*(<!-- \/times -->)/,
    (_, start: string, end: string) => `${start}\n\n${table}\n\n${end}`,
  );
  const options = await resolveConfig(document);
  writeFileSync(document, await format(text, { ...options, parser: 'markdown' }));
}
