/**
 * `npm run bench:browser`: what a person waits for, direct and through Postern in one run, in each
 * browser. Nothing is asserted, as in `npm run bench`.
 */
import { loadavg } from 'node:os';
import { afterAll, beforeAll, it } from 'vitest';
import { relaxHeapGrowth } from '../../cli/src/process/relax-heap-growth.ts';
import { browserKinds } from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { BenchProcess } from './bench-server.ts';
import { FigureTable } from './figures.ts';
import { measureJourneys } from './measure-journeys.ts';

const table = new FigureTable();
const loadBefore = loadavg()[0];
let server: BenchProcess;
let demo: RunningDemo;

beforeAll(async () => {
  relaxHeapGrowth();
  server = await BenchProcess.start('browser/server.mjs');
  const url = `http://127.0.0.1:${server.port}`;
  demo = await startDemo('--app', `bench=${url}`, '--app', `other=${url}`);
});
afterAll(async () => {
  const load = [loadBefore, loadavg()[0]].map((one) => one?.toFixed(1)).join(', ');
  process.stdout.write(`\n${table.toString()}\n\nLoad average before and after: ${load}\n`);
  await demo?.stop();
  await server?.stop();
});

it.each(browserKinds)('%s', (kind) => measureJourneys(kind, demo, server, table));
