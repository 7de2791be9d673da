import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { nullsAbsent, parseJson, validate } from './body.ts';
import type { EdgeError } from './errors.ts';

function refusal(work: () => unknown): Pick<EdgeError, 'code' | 'field'> | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error as EdgeError;
  }
}

describe('parseJson', () => {
  it('takes nothing for an empty object', () => {
    expect(parseJson(' \n')).toEqual({});
  });

  it.each(['{', 'undefined', "{'a':1}", '\ufeff{}'])('refuses %j', (text) => {
    expect(refusal(() => parseJson(text))?.code).toBe('COULD_NOT_PARSE_BODY');
  });

  it.each([
    '"a\\u0000"',
    '{"a":["\\u0000"]}',
    '{"\\u0000":1}',
    '{"a":{"__proto__":{}}}',
    `${'['.repeat(66)}${']'.repeat(66)}`,
    `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
  ])('refuses what no member may be', (text) => {
    expect(refusal(() => parseJson(text))?.code).toBe('COULD_NOT_VALIDATE');
  });

  it('takes 64 levels', () => {
    expect(refusal(() => parseJson(`${'['.repeat(64)}${']'.repeat(64)}`))).toBeUndefined();
  });
});

describe('validate', () => {
  const schema = z.object({
    name: z.string().min(1),
    password: z.string().min(5).optional(),
    inner: nullsAbsent(z.object({ n: z.number().optional() })).optional(),
  });

  it('counts null members as absent', () => {
    expect(validate(schema, { name: 'a', password: null, inner: { n: null } })).toEqual({
      name: 'a',
      inner: {},
    });
  });

  it('names the member at fault, and what was sent unless it is secret', () => {
    expect(refusal(() => validate(schema, { name: '' }))?.field).toMatchObject({
      field: 'name',
      value: '',
    });
    expect(refusal(() => validate(schema, { name: 7 }))?.field).toMatchObject({ value: 7 });
    expect(refusal(() => validate(schema, { name: 'a', password: 'abc' }))?.field).toMatchObject({
      field: 'password',
      value: '',
    });
    expect(refusal(() => validate(schema, []))?.field).toMatchObject({ field: 'body' });
  });
});
