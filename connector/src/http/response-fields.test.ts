import { expect, it } from 'vitest';
import { buildResponseFields } from './response-fields.ts';

const build = (...raw: string[]) =>
  buildResponseFields(
    raw.map((text) => Buffer.from(text, 'latin1')),
    undefined as never,
    undefined as never,
    (value) => value,
  );

it('takes values without the white space around, which the parser leaves at the end', () => {
  expect(build('X-Own', ' a \t', 'Set-Cookie', 'a = b ')).toEqual([
    ['x-own', 'a'],
    ['set-cookie', 'a = b'],
  ]);
});

it('drops fields of one hop, and those that the application names as such', () => {
  expect(build('Connection', 'X-Hop', 'X-Hop', '1', 'Keep-Alive', '2', 'X-Kept', 'é')).toEqual([
    ['x-kept', 'é'],
  ]);
});
