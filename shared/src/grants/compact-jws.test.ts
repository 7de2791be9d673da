import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isCompactJws } from './compact-jws.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });

it('takes what encoders write', () => {
  fc.assert(
    fc.property(fc.tuple(...Array.from({ length: 3 }, () => bytes)), (parts) => {
      const token = parts.map((part) => Buffer.from(part).toString('base64url')).join('.');
      expect(isCompactJws(token)).toBe(true);
    }),
  );
});

it('takes each value in one form only', () => {
  fc.assert(
    fc.property(bytes, fc.base64String(), (part, other) => {
      const own = Buffer.from(part).toString('base64url');
      const same = Buffer.from(other, 'base64url').toString('base64url') === other;
      expect(isCompactJws(`${own}.${own}.${other}`)).toBe(same && other !== '');
    }),
  );
});

it.each([
  '',
  '..',
  'a.b',
  'AA.AA.',
  'AA.AA.AA.AA',
  'AA.AA.AA ',
  ' AA.AA.AA',
  'AA.AA.A',
  'AA==.AA.AA',
])('refuses "%s"', (token) => expect(isCompactJws(token)).toBe(false));
