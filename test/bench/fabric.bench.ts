/** The fabric's share of `npm run bench`, alone by `npm run bench:fabric`: routers without browsers and apps. */
import { loadavg } from 'node:os';
import { afterAll, beforeAll, it } from 'vitest';
import { relaxHeapGrowth } from '../../cli/src/process/relax-heap-growth.ts';
import { FigureTable } from './figures.ts';
import { measureFairness } from './measure-fairness.ts';
import { measureMemory } from './measure-memory.ts';
import { measureRouters } from './measure-routers.ts';

const table = new FigureTable();
let loadBefore = 0;

beforeAll(() => {
  relaxHeapGrowth();
  loadBefore = loadavg()[0] ?? 0;
});
afterAll(() => {
  const loads = [loadBefore, loadavg()[0] ?? 0].map((load) => load.toFixed(1)).join(', ');
  process.stdout.write(`\n${table.toString()}\n\nLoad average before and after: ${loads}\n`);
});

it('forwarding', () => measureRouters(table));
it('fairness', () => measureFairness(table));
it('memory', () => measureMemory(table));
