/**
 * The quick part of the application matrix: what installs and starts in seconds, used through the
 * gateway in both engines. `npm run apps` runs all of it, and direct too.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApplication } from '../apps/application.ts';
import { quickApplications } from '../apps/list.ts';
import { runScript } from '../apps/matrix.ts';
import {
  browserKinds,
  launchBrowser,
  type TestBrowser,
  type UserPage,
} from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';

describe('applications that nobody here wrote', () => {
  const apps = new Map<string, RunningApplication>();
  let demo: RunningDemo;

  beforeAll(async () => {
    for (const { install } of quickApplications) install();
    await Promise.all(
      quickApplications.map(async ({ name, start }) => apps.set(name, await start())),
    );
    const origins = [...apps].map(([name, { origin }]) => `${name}=${origin}`);
    demo = await startDemo(...origins.flatMap((origin) => ['--app', origin]));
  });
  afterAll(async () => {
    await demo?.stop();
    await Promise.all([...apps.values()].map((app) => app.stop()));
  });

  describe.each(browserKinds)('in %s', (kind) => {
    let browser: TestBrowser<UserPage>;
    beforeAll(async () => {
      browser = await launchBrowser(kind);
    });
    afterAll(() => browser?.close());

    it.each(quickApplications)('$title', async (application) => {
      const app = apps.get(application.name)!;
      expect(await runScript(application, app, 'through', { browser, demo })).toBeGreaterThan(0);
    });
  });
});
