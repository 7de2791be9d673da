/** `npm run bench -- controller`: the controller alone, at the size of docs/performance.md. */
import { afterAll, it } from 'vitest';
import { FigureTable } from './figures.ts';
import { measureController } from './measure-controller.ts';

const table = new FigureTable();
afterAll(() => {
  process.stdout.write(`\n${table.toString()}\n`);
});

it('the controller', () => measureController(table));
