import { expect, it } from 'vitest';
import { brokenCases, differencesOf, type Outcomes } from './compare.ts';

const direct: Outcomes = {
  same: { value: [1, { a: 2 }] },
  list: { value: [1, 2] },
  object: { value: { kept: 1, changed: 1, gone: 1 } },
  fails: { value: 'x' },
  missing: { value: 'x' },
  broken: { error: 'took too long' },
};
const gateway: Outcomes = {
  same: { value: [1, { a: 2 }] },
  list: { value: [1, 3] },
  object: { value: { kept: 1, changed: 2, added: 1 } },
  fails: { error: 'TypeError' },
  broken: { value: 1 },
};

it('names what differs, each property of an object for itself', () => {
  expect(differencesOf(direct, gateway)).toEqual({
    list: { direct: [1, 2], gateway: [1, 3] },
    'object › changed': { direct: 1, gateway: 2 },
    'object › gone': { direct: 1, gateway: null },
    'object › added': { direct: null, gateway: 1 },
    fails: { direct: 'x', gateway: 'fails: TypeError' },
    missing: { direct: 'x', gateway: 'fails: did not run' },
  });
});

it('a case that fails without the gateway counts for nothing, and is told', () => {
  expect(brokenCases(direct)).toEqual({ broken: 'took too long' });
});
