import { expect, it } from 'vitest';
import { AppError } from '@postern/shared/errors';
import { problemOf } from './problems.ts';

it('puts what the controller says in public before our own advice', () => {
  const error = new AppError('ERR_LOGIN_REFUSED', 'internal', { publicMessage: 'Wrong password.' });
  expect(problemOf(error, 'en')).toEqual({
    title: 'You were not signed in',
    next: 'Wrong password.',
    code: 'ERR_LOGIN_REFUSED',
    isOver: false,
  });
});

it('never shows an internal message', () => {
  const { title, next, code } = problemOf(new Error('secret'), 'en');
  expect(`${title}${next}${code}`).not.toContain('secret');
  expect(code).toBe('ERR_LOGIN_FAILED');
  expect(problemOf(new AppError('ERR_LOGIN_STATE', 'secret'), 'en').isOver).toBe(true);
});

it('speaks the language asked for, also where the controller speaks English only', () => {
  const error = new AppError('ERR_LOGIN_REFUSED', 'internal', { publicMessage: 'Wrong password.' });
  expect(problemOf(error, 'de').next).toMatch(/^Versuchen Sie es erneut.*\(Wrong password\.\)$/);
  expect(problemOf(new AppError('ERR_NO_ROUTER', ''), 'de').title).toBe(
    'Kein Router ist erreichbar',
  );
});
