import { expect, it } from 'vitest';
import { messageAt, withMember } from './member-path.ts';

it('shows a message at the member it is about', () => {
  const error = { field: 'primary.updb.maxAttempts', message: 'too many' };
  expect(messageAt(error, 'primary.updb.maxAttempts', true)).toBe('too many');
  expect(messageAt(error, 'primary.updb.minPasswordLength', true)).toBeUndefined();
  expect(messageAt(undefined, 'primary', true)).toBeUndefined();
});

it('shows it at a field without parts when it is about something in it', () => {
  const error = { field: 'roleAttributes[3]', message: 'must not begin with #' };
  expect(messageAt(error, 'roleAttributes', true)).toBe('must not begin with #');
  expect(messageAt(error, 'roleAttributes', false)).toBeUndefined();
  expect(messageAt(error, 'role', true)).toBeUndefined();
});

it('replaces and takes away members', () => {
  expect(withMember({ a: 1, b: 2 }, 'b', 3)).toEqual({ a: 1, b: 3 });
  expect(withMember({ a: 1, b: 2 }, 'b', undefined)).toEqual({ a: 1 });
});
