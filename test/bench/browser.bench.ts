/** A page measures itself direct, through the simplest pipe and through Postern, in each browser. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { browserKinds } from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { openSignedIn } from '../harness/sign-in.ts';
import { BenchProcess, type PageReport } from './bench-server.ts';
import { FigureTable, median, milliseconds, ratio } from './figures.ts';
import { BenchProfile } from './raw-browser.ts';

const rounds = 3;
const sizes = 'down=192&up=96';

let server: BenchProcess;
let demo: RunningDemo;
beforeAll(async () => {
  server = await BenchProcess.start('browser/server.mjs');
  demo = await startDemo('--app', `bench=http://127.0.0.1:${server.port}`);
});
afterAll(async () => {
  await demo?.stop();
  await server?.stop();
});

describe.each(browserKinds)('%s', (kind) => {
  it('measures', async () => {
    const table = new FigureTable();
    const profile = await BenchProfile.create(kind);
    const through = demo.app('bench').url;
    await profile.prepare(async (page) => {
      const warm = server.nextReport();
      await openSignedIn(page, demo, `${through}?down=1&up=1&mode=warm-up`);
      await warm;
    });
    const direct = `http://127.0.0.1:${server.port}/`;
    const pipe = `http://pipe.localhost:${server.port}/`;
    const plain = `http://plain.localhost:${server.port}/`;
    const modes: Record<string, string> = {
      direct: `${direct}?${sizes}`,
      plain: `${plain}?${sizes}&worker=/pipe-worker.js%3Fplain`,
      pipe: `${pipe}?${sizes}&own&worker=/pipe-worker.js`,
      postern: `${through}?${sizes}`,
    };
    const reports: Record<string, PageReport[]> = {};
    for (let round = 0; round < rounds; round++) {
      for (const [mode, url] of Object.entries(modes)) {
        const report = await profile.open(`${url}&mode=${mode}&run=${round}`, server.nextReport());
        (reports[mode] ??= []).push(report);
        if (process.env.BENCH_DEBUG) console.log(kind, JSON.stringify(report));
      }
    }
    await profile.remove();

    const of = (mode: string, pick: (report: PageReport) => number) =>
      median((reports[mode] ?? []).map(pick));
    const own = of('pipe', (r) => r.ownRoundTripMs?.p50 ?? NaN);
    const p50 = of('postern', (r) => r.tinyMs.p50);
    const name = kind[0]!.toUpperCase() + kind.slice(1);
    table.add(
      `${name}: warm request, p50`,
      milliseconds(p50),
      `direct ${milliseconds(of('direct', (r) => r.tinyMs.p50))}; the browser's own service-worker round trip ${milliseconds(own)}; added beyond it ${milliseconds(p50 - own)}`,
    );
    table.add(
      `${name}: warm request, p99`,
      milliseconds(of('postern', (r) => r.tinyMs.p99)),
      `direct ${milliseconds(of('direct', (r) => r.tinyMs.p99))}`,
    );
    for (const [what, pick] of [
      ['download', (r: PageReport) => r.downloadMBps],
      ['upload', (r: PageReport) => r.uploadMBps],
    ] as const) {
      const speed = of('postern', pick);
      table.add(
        `${name}: ${what}`,
        `${speed.toFixed(0)} MB/s`,
        `simplest encrypted pipe ${ratio(speed, of('pipe', pick))}, same without encryption ${ratio(speed, of('plain', pick))}, direct HTTP ${ratio(speed, of('direct', pick))}`,
      );
    }
    process.stdout.write(`\n${table.toString()}\n`);
  });
});
