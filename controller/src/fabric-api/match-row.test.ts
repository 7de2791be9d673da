import { describe, expect, it } from 'vitest';
import { FilterError } from '../store/filter/lexer.ts';
import { parseFilter } from '../store/filter/parser.ts';
import { compareRows, matchRow } from './match-row.ts';

const row = { id: 'c1', clientId: 'alice', cost: 5, down: false };
const matches = (filter: string): boolean => {
  const { where } = parseFilter(filter);
  return where === undefined || matchRow(where, row);
};

describe('filters over rows in memory', () => {
  it.each([
    'id = "c1"',
    'clientId != "bob"',
    'clientId contains "lic" and cost >= 5',
    'clientId icontains "ALI"',
    'clientId not contains "x"',
    'cost in [1, 5]',
    'cost between 5 and 6',
    'not cost between 4 and 5',
    'id < "c2" or down',
    'not down',
    'true',
    'clientId != null',
  ])('%s holds', (filter) => expect(matches(filter)).toBe(true));

  it.each([
    'id = "c2"',
    'cost < 5',
    'cost > 5',
    'cost <= 4',
    'cost not in [5]',
    'down',
    'id = null',
  ])('%s does not', (filter) => expect(matches(filter)).toBe(false));

  it.each([
    'nothing = 1',
    '__proto__ = "x"',
    'cost = "5"',
    'anyOf(clientId) = "a"',
    'isEmpty(clientId)',
    'count(clientId) = 1',
  ])('%s is refused', (filter) => expect(() => matches(filter)).toThrow(FilterError));

  it('sort by what is asked, then by id', () => {
    const rows = [
      { id: 'b', cost: 1 },
      { id: 'a', cost: 1 },
      { id: 'c', cost: 2 },
    ];
    const { sort } = parseFilter('sort by cost desc');
    expect([...rows].sort(compareRows(sort)).map(({ id }) => id)).toEqual(['c', 'a', 'b']);
  });
});
