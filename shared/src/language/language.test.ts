import { describe, expect, it } from 'vitest';
import { reasons } from '../errors/index.ts';
import {
  chooseLanguage,
  fill,
  LANGUAGES,
  outline,
  parseAcceptLanguage,
  reasonWords,
} from './index.ts';

describe('chooseLanguage', () => {
  it.each([
    [['de-AT', 'en'], 'de'],
    [['fr', 'DE'], 'de'],
    [['fr', 'en-GB', 'de'], 'en'],
    [['deu'], 'en'],
    [[], 'en'],
  ])('%j → %s', (preferred, language) => {
    expect(chooseLanguage(preferred)).toBe(language);
  });
});

describe('parseAcceptLanguage', () => {
  it.each([
    ['de-DE,de;q=0.9,en;q=0.8', ['de-DE', 'de', 'en']],
    ['en;q=0.2, de ; q=0.7', ['de', 'en']],
    ['en;q=0,de', ['de']],
    ['*, <script>, de;q=2, en', ['en']],
    [`de,${'x'.repeat(600)}`, []],
    [null, []],
  ])('%s', (header, tags) => {
    expect(parseAcceptLanguage(header)).toEqual(tags);
  });
});

it('fills in places, and leaves unknown ones', () => {
  expect(fill('{name} at {host}', { name: '<b>', host: '{name}' })).toBe('<b> at {name}');
  expect(fill('{toString}', {})).toBe('{toString}');
});

it.each(LANGUAGES)('has words in %s for each reason', (language) => {
  expect(Object.keys(reasonWords[language]).sort()).toEqual(Object.keys(reasons).sort());
});

it('outlines keys and places', () => {
  expect(outline({ b: { c: 'x {two} {one}' }, a: 'y' })).toEqual(['a', 'b.c{one}{two}']);
});
