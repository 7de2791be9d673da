import { describe, expect, it } from 'vitest';
import { bodyOf } from '../api/operations.ts';
import { changedMembers, editableBody, filledMembers, initialBody, isSame } from './body.ts';

describe('a new body', () => {
  it('starts with defaults, and with what must be there', () => {
    expect(initialBody(bodyOf('post /identities') ?? {}, 0)).toMatchObject({
      type: 'Default',
      isAdmin: false,
      roleAttributes: [],
      defaultHostingCost: 0,
    });
    expect(initialBody(bodyOf('post /auth-policies') ?? {}, 0)).toMatchObject({
      primary: { updb: { allowed: false, minPasswordLength: 5 }, extJwt: { allowedSigners: [] } },
      secondary: { requireTotp: false },
    });
  });

  it('is encrypted unless somebody says otherwise', () => {
    expect(initialBody(bodyOf('post /services') ?? {}, 0)).toMatchObject({
      encryptionRequired: true,
    });
  });

  it('that must say a time says one a day ahead', () => {
    expect(initialBody(bodyOf('post /enrollments') ?? {}, 0)).toMatchObject({
      method: 'ott',
      expiresAt: '1970-01-02T00:00:00.000Z',
    });
  });

  it('is sent without what was left empty', () => {
    expect(filledMembers({ name: 'a', hint: '', flag: false, none: null, list: [] })).toEqual({
      name: 'a',
      flag: false,
      list: [],
    });
  });
});

describe('a change', () => {
  it('starts with what can be changed, references as ids', () => {
    const schema = { properties: { name: {}, service: {}, secret: {} } };
    const detail = {
      id: 'x',
      name: 'a',
      service: { id: 's', name: 'wiki', entity: 'services' },
      _links: {},
    };
    expect(editableBody(schema, detail)).toEqual({ name: 'a', service: 's' });
  });

  it('names what differs, and empties with the empty text', () => {
    const before = { a: 1, b: { c: [1, 2] }, d: 'x', e: null };
    expect(changedMembers(before, { a: 1, b: { c: [1, 2] }, d: 'x', e: null })).toEqual({});
    expect(changedMembers(before, { a: 2, b: { c: [2, 1] }, e: null })).toEqual({
      a: 2,
      b: { c: [2, 1] },
      d: '',
    });
  });

  it('compares by content', () => {
    expect(isSame({ a: [{ b: 1 }] }, { a: [{ b: 1 }] })).toBe(true);
    expect(isSame({ a: undefined }, { b: undefined })).toBe(false);
    expect(isSame([], {})).toBe(false);
    expect(isSame(null, {})).toBe(false);
  });
});
