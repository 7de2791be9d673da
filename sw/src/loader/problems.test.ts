import { expect, it } from 'vitest';
import { reasons } from '@postern/shared/errors';
import { problemOf } from './problems.ts';

it('has words and something to do for every code', () => {
  for (const code of [...Object.keys(reasons), 'ERR_LOADER_LOOP', 'ERR_NEVER_HEARD_OF']) {
    const { title, next, action } = problemOf(code);
    expect([title, next, action].every((text) => text.length > 3)).toBe(true);
  }
  expect(problemOf('ERR_SESSION_ENDED').action).toBe('Sign in again');
  expect(problemOf('constructor')).toEqual(problemOf('ERR_NEVER_HEARD_OF'));
});
