import { describe, expect, it } from 'vitest';
import { codeBefore, readPrologue } from './prologue.ts';

describe('readPrologue', () => {
  it.each([
    ['', false, false],
    ['let a = 1', false, false],
    ['"use strict"; let a', true, false],
    ["'use strict'\nlet a", true, false],
    ['/* licence */ // x\n"use strict";', true, false],
    ['"use client";"use strict";a', true, false],
    ['"use strict".length', false, false],
    ['"use strict" + 1', false, false],
    ['"use\\x20strict"; a', false, false],
    ['(function(){"use strict"})()', false, false],
    ['import "x"', false, true],
    ['import{a}from"x"', false, true],
    ['import*as a from"x"', false, true],
    ['/**/ export const a = 1', false, true],
    ['import("x")', false, false],
    ['import.meta.url', false, false],
    ['importScripts("x")', false, false],
    ['importance = 1', false, false],
    ['exports.a = 1', false, false],
    ['\uFEFFimport "x"', false, true],
    ['#! shebang\nimport "x"', false, true],
  ])('of %j', (text, isStrict, isModule) => {
    expect(readPrologue(text, true)).toMatchObject({ isStrict, isModule });
  });

  it.each(['', '/* long', '// long', '"use st', '"use strict"', 'impor', 'import '])(
    'waits for more after %j',
    (text) => expect(readPrologue(text, false)).toBeUndefined(),
  );

  it('knows enough after a whole statement', () => {
    expect(readPrologue('"use strict"; const answer = 42;', false)).toMatchObject({
      isStrict: true,
    });
  });
});

describe('codeBefore', () => {
  const put = (text: string): string => {
    const prologue = readPrologue(text, true)!;
    return text.slice(0, prologue.at) + codeBefore(prologue, 'ours;') + text.slice(prologue.at);
  };

  it.each([
    ['a', 'ours;a'],
    ['"use strict"; a', '"use strict";ours;"use strict"; a'],
    ['#!x\na', '#!x\nours;\na'],
  ])('%j becomes %j', (text, expected) => expect(put(text)).toBe(expected));
});
