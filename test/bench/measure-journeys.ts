/** What a person waits for, in a plainly started browser: first paint, a whole page, transfers, messages. */
import type { BrowserKind } from '../harness/browser.ts';
import type { RunningDemo } from '../harness/demo.ts';
import { launchBrowser } from '../harness/browser.ts';
import { openSignedIn } from '../harness/sign-in.ts';
import type { BenchProcess, StopReport } from './bench-server.ts';
import { median, ratio, type FigureTable } from './figures.ts';
import { BenchProfile } from './raw-browser.ts';

const rounds = 3;
/** Time from leaving a page for the URL to the first paint, of pages that need more or less preparation. */
const paints = ['cold', 'warm'] as const;
const FIRST_PAINT = `performance.getEntriesByName('first-contentful-paint')[0]?.startTime`;

type Way = 'direct' | 'through';
type Samples = Record<string, number[]>;

export async function measureJourneys(
  kind: BrowserKind,
  demo: RunningDemo,
  server: BenchProcess,
  table: FigureTable,
): Promise<void> {
  const direct = `http://127.0.0.1:${server.port}`;
  const origins: Record<Way, string> = {
    direct,
    through: new URL(demo.app('bench').url).origin,
  };
  const samples: Record<Way, Samples> = { direct: {}, through: {} };
  const note = (way: Way, what: string, value: number) => (samples[way][what] ??= []).push(value);

  for (let round = 0; round < rounds; round++) {
    for (const way of ['direct', 'through'] as const) {
      note(way, 'new profile', await newProfile(kind, `${origins[way]}/paint`));
    }
    const profile = await BenchProfile.create(kind);
    try {
      await profile.prepare(async (page) => {
        const report = server.nextReport<StopReport>();
        await openSignedIn(page, demo, `${origins.through}/paint?leftAt=0`);
        await report;
      });
      const other = `${new URL(demo.app('other').url).origin}/paint?mode=other`;
      const [first] = await journey(profile, server, 'other', `${direct}/start`, [other]);
      note('through', 'first visit', first!.firstPaintMs);
      for (const way of ['direct', 'through'] as const) {
        const at = (path: string): string => `${origins[way]}/${path}?mode=${way}`;
        const [cold, warm, hundred, echo] = await journey(profile, server, way, `${direct}/start`, [
          at('paint'),
          at('paint'),
          at('hundred'),
          at('echo'),
        ]);
        note(way, paints[0], cold!.firstPaintMs);
        note(way, paints[1], warm!.firstPaintMs);
        note(way, 'hundred', hundred!.hundredMs);
        note(way, 'echo', echo!.echoMs);
        const moved = await profile.open(
          `${origins[way]}/?down=100&up=100&mode=${way}`,
          server.nextReport(),
        );
        note(way, 'down', moved.downloadMBps);
        note(way, 'up', moved.uploadMBps);
      }
    } finally {
      await profile.remove();
    }
  }

  const name = kind === 'chromium' ? 'Chromium' : 'Firefox';
  const of = (way: Way, what: string): number => median(samples[way][what] ?? []);
  const row = (label: string, what: string, unit: string, base = what): void =>
    table.add(
      `${name}: ${label}`,
      `${of('through', what).toFixed(0)} ${unit}`,
      `direct ${of('direct', base).toFixed(0)} ${unit} (${ratio(of('through', what), of('direct', base))})`,
    );
  row('first paint, new profile (through: of the sign-in page)', 'new profile', 'ms');
  row('first paint, first visit of an application, signed in', 'first visit', 'ms', 'cold');
  row('first paint, cold worker', 'cold', 'ms');
  row('first paint, warm', 'warm', 'ms');
  row('page of 100 small images', 'hundred', 'ms');
  row('100 MB down', 'down', 'MB/s');
  row('100 MB up', 'up', 'MB/s');
  row('10,000 WebSocket messages there and back', 'echo', 'ms');
}

/** Starts the browser, and gives what each stop says; what was left open before may report too. */
function journey(
  profile: BenchProfile,
  server: BenchProcess,
  mode: string,
  start: string,
  stops: string[],
): Promise<StopReport[]> {
  const reports = (async () => {
    const got: StopReport[] = [];
    while (got.length < stops.length) {
      const report = await server.nextReport<StopReport>();
      if (report.mode === mode) got.push(report);
    }
    return got;
  })();
  return profile.open(`${start}?stops=${encodeURIComponent(JSON.stringify(stops))}`, reports);
}

/** Under automation: nobody could sign in otherwise, and the sign-in page reports to nobody. */
async function newProfile(kind: BrowserKind, url: string): Promise<number> {
  const browser = await launchBrowser(kind);
  try {
    const page = await browser.newPage();
    const startMs = performance.timeOrigin + performance.now();
    await page.goto(`${url}?leftAt=${startMs}`);
    await page.waitFor(
      `(document.querySelector('input') ?? location.pathname === '/paint') && ${FIRST_PAINT} > 0`,
    );
    return await page.evaluate<number>(`performance.timeOrigin + ${FIRST_PAINT} - ${startMs}`);
  } finally {
    await browser.close();
  }
}
