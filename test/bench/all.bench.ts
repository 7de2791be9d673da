/**
 * `npm run bench`: everything but the controller (`controller.bench.ts`) and routers alone (`fabric.bench.ts`), printed as one table. Nothing is asserted: figures depend on
 * the machine and its load, ratios within a run less so.
 */
import { loadavg } from 'node:os';
import { afterAll, beforeAll, it } from 'vitest';
import { relaxHeapGrowth } from '../../cli/src/process/relax-heap-growth.ts';
import { browserKinds } from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { BenchProcess } from './bench-server.ts';
import { FigureTable } from './figures.ts';
import { BrowserBench } from './measure-browser.ts';
import { measureNode } from './measure-node.ts';
import { measureSizes } from './measure-sizes.ts';
import { NodeClient } from './node-client.ts';
import { leadOverTwoRouters } from './two-routers.ts';

const table = new FigureTable();
const loads: string[] = [];
let server: BenchProcess;
let demo: RunningDemo;
const browsers: BrowserBench[] = [];

beforeAll(async () => {
  relaxHeapGrowth();
  noteLoad();
  server = await BenchProcess.start('browser/server.mjs');
  demo = await startDemo('--app', `bench=http://127.0.0.1:${server.port}`);
  for (const kind of browserKinds) browsers.push(await BrowserBench.create(kind, demo, server));
});
afterAll(async () => {
  for (const browser of browsers) browser.report(table);
  noteLoad();
  const text = `\n${table.toString()}\n\nLoad average before and after: ${loads.join(', ')}\n`;
  process.stdout.write(text);
  for (const browser of browsers) await browser.remove();
  await demo?.stop();
  await server?.stop();
});

it('sizes', () => measureSizes(table));

it('a Node client', () => measureNodeClient('Node'));

it('browsers', async () => {
  for (const browser of browsers) await browser.measure();
});

it('the same over two routers', async () => {
  await leadOverTwoRouters(demo);
  await measureNodeClient('Node, two routers');
  for (const browser of browsers) await browser.measureTwoRouters();
});

async function measureNodeClient(label: string): Promise<void> {
  const client = await NodeClient.signIn(demo, 'bench');
  const { session, close } = await client.connect();
  await measureNode(table, label, session, server.port);
  close();
  await client.close();
}

function noteLoad(): void {
  loads.push(loadavg()[0]?.toFixed(1) ?? '');
}
