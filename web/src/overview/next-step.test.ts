import { describe, expect, it } from 'vitest';
import { isBeginning, nextStep, type Beginning } from './next-step.ts';

const empty: Beginning = { router: 'absent', hasSignIn: false, hasService: false };

describe('the next step', () => {
  it.each<[Partial<Beginning>, string | undefined]>([
    [{}, 'router'],
    [{ router: 'expected' }, 'router'],
    [{ router: 'here' }, 'signIn'],
    [{ router: 'here', hasSignIn: true }, 'application'],
    [{ router: 'expected', hasSignIn: true, hasService: true }, 'router'],
    [{ router: 'here', hasSignIn: true, hasService: true }, undefined],
  ])('with %j is %s', (present, step) => expect(nextStep({ ...empty, ...present })).toBe(step));

  it('is no longer shown once a router came and a service is there', () => {
    expect(isBeginning(empty)).toBe(true);
    expect(isBeginning({ ...empty, router: 'expected', hasService: true })).toBe(true);
    expect(isBeginning({ ...empty, router: 'here', hasSignIn: true })).toBe(true);
    expect(isBeginning({ ...empty, router: 'here', hasService: true })).toBe(false);
  });
});
