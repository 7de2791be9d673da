import { expect, it } from 'vitest';
import { hopRows } from './paths.ts';

it('says what each hop adds, and who gave no answer', () => {
  const rows = hopRows([
    { kind: 'router', id: 'a', name: 'A', roundTripMs: 0 },
    { kind: 'router', id: 'b', name: 'B', roundTripMs: 2 },
    { kind: 'router', id: 'c', name: 'c' },
    { kind: 'host', id: '', name: '', roundTripMs: 1.5 },
  ]);
  expect(rows.map(({ roundTrip, thisHop }) => [roundTrip, thisHop])).toEqual([
    ['0.00 ms', '0.00 ms'],
    ['2.00 ms', '2.00 ms'],
    ['no answer', ''],
    ['1.50 ms', '0.00 ms'],
  ]);
});
