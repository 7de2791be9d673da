import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openCookieField, sealSetCookieField } from './cookie-fields.ts';
import { createCookieSealer, isSealed, type CookieOwner } from './seal.ts';

const owner: CookieOwner = { serviceId: 's', identityId: 'i', keyThumbprint: 'k' };
const sealer = createCookieSealer(randomBytes(32));
const latin1 = fc
  .uint8Array({ maxLength: 300 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));

describe('createCookieSealer', () => {
  it('gives back any value to its owner', () => {
    fc.assert(
      fc.property(latin1, fc.string(), (value, name) => {
        const sealed = sealer.seal(owner, name, value);
        expect(isSealed(sealed)).toBe(true);
        expect(sealed).toMatch(/^~1\.[\w-]+$/);
        expect(sealer.open(owner, name, sealed)).toBe(value);
      }),
    );
  });

  it('never seals the same way twice', () => {
    expect(sealer.seal(owner, 'a', 'x')).not.toBe(sealer.seal(owner, 'a', 'x'));
  });

  it.each<[string, CookieOwner, string]>([
    ['service', { ...owner, serviceId: 'other' }, 'a'],
    ['identity', { ...owner, identityId: 'other' }, 'a'],
    ['key', { ...owner, keyThumbprint: 'other' }, 'a'],
    ['name', owner, 'b'],
    ['split of the same letters', { ...owner, serviceId: 'si', identityId: '' }, 'a'],
  ])('opens for no other %s', (_what, other, name) => {
    expect(sealer.open(other, name, sealer.seal(owner, 'a', 'x'))).toBeUndefined();
  });

  it('opens nothing that was changed, cut or made by another connector', () => {
    const sealed = sealer.seal(owner, 'a', 'value');
    const bytes = Buffer.from(sealed.slice(3), 'base64url');
    for (let i = 0; i < bytes.length; i += 1) {
      const flipped = Buffer.from(bytes);
      flipped[i] = (flipped[i] ?? 0) ^ 1;
      expect(sealer.open(owner, 'a', `~1.${flipped.toString('base64url')}`)).toBeUndefined();
      const cut = bytes.subarray(0, i).toString('base64url');
      expect(sealer.open(owner, 'a', `~1.${cut}`)).toBeUndefined();
    }
    expect(createCookieSealer(randomBytes(32)).open(owner, 'a', sealed)).toBeUndefined();
  });
});

describe('cookie fields', () => {
  it('seals HttpOnly cookies only, whatever the case and order of attributes', () => {
    for (const field of ['a=1; Path=/; HttpOnly', 'a=1;httponly;Path=/', 'a=1; HTTPONLY=x']) {
      const sealed = sealSetCookieField(field, owner, sealer);
      expect(sealed).toMatch(/^a=~1\./);
      expect(openCookieField(sealed.split(';')[0] ?? '', owner, sealer)).toBe('a=1');
    }
    for (const field of ['a=1; Path=/', 'a=HttpOnly', 'HttpOnly=1; Secure']) {
      expect(sealSetCookieField(field, owner, sealer)).toBe(field);
    }
  });

  it('leaves other pairs as they are and drops what does not open', () => {
    expect(openCookieField('a=1; b=~1.AAAA; c="x=y"; d', owner, sealer)).toBe('a=1; c="x=y"; d');
  });
});
