/** `npm run apps`: every application of the matrix, one at a time, in the browsers asked for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserKinds, launchBrowser } from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { NotInstallableError, type RunningApplication } from './application.ts';
import { applications } from './list.ts';
import { runScript, type Way } from './matrix.ts';
import { recordRun, writeTable } from './results.ts';

const words = (name: string) => (process.env[name] ?? '').split(',').filter(Boolean);
const names = words('POSTERN_APPS');
const kinds = browserKinds.filter((kind) => {
  const chosen = words('POSTERN_APPS_BROWSERS');
  return chosen.length === 0 || chosen.includes(kind);
});
const rounds = Number(process.env['POSTERN_APPS_ROUNDS'] ?? 2);

afterAll(() => writeTable(applications));

for (const application of applications) {
  if (names.length > 0 && !names.includes(application.name)) continue;
  const missing = install(application);
  if (missing !== undefined) say(`${application.name}: skipped: ${missing}`);

  describe.skipIf(missing !== undefined)(application.title, () => {
    let app: RunningApplication;
    let demo: RunningDemo;
    beforeAll(async () => {
      app = await application.start();
      demo = await startDemo('--app', `${application.name}=${app.origin}`);
    });
    afterAll(async () => {
      await demo?.stop();
      await app?.stop();
    });

    for (const kind of kinds) {
      const limit = application.limits?.[kind];
      const title =
        limit === undefined
          ? `does the same direct and through the gateway in ${kind}`
          : `works direct only in ${kind}: ${limit}`;

      it(title, async () => {
        const browser = await launchBrowser(kind);
        const run = (way: Way) => runScript(application, app, way, { browser, demo });
        try {
          if (limit !== undefined) {
            await run('direct');
            await expect(run('through')).rejects.toThrow();
            return;
          }
          const timesMs = { direct: Infinity, through: Infinity };
          for (let round = 0; round < rounds; round++) {
            for (const way of ['direct', 'through'] as const) {
              timesMs[way] = Math.min(timesMs[way], await run(way));
            }
          }
          recordRun(application.name, app.version, kind, timesMs);
        } finally {
          await browser.close();
        }
      });
    }
  });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function install(application: (typeof applications)[number]): string | undefined {
  try {
    application.install();
    return undefined;
  } catch (error) {
    if (error instanceof NotInstallableError) return error.message;
    throw error;
  }
}
