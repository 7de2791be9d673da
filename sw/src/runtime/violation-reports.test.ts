import { describe, expect, it } from 'vitest';
import { parseEndpoints } from './violation-reports.ts';

describe('Reporting-Endpoints', () => {
  it.each<[string, Record<string, string>]>([
    ['', {}],
    ['default="/reports"', { default: 'https://wiki.example.com/reports' }],
    [
      'a="https://other.example.com/x", b-2="r"',
      { a: 'https://other.example.com/x', 'b-2': 'https://wiki.example.com/docs/r' },
    ],
    ['broken', {}],
    ['a=1, b="/b"', { b: 'https://wiki.example.com/b' }],
    ['a="http://["', {}],
  ])('%s', (value, expected) => {
    const endpoints = parseEndpoints(value, 'https://wiki.example.com/docs/page');
    expect(Object.fromEntries(endpoints)).toEqual(expected);
  });
});
