import { describe, expect, it } from 'vitest';
import { isSibling, siblingSources } from './index.ts';

describe('siblings', () => {
  it.each([
    ['https://wiki.example.com', 'https://chat.example.com', true],
    ['https://wiki.example.com', 'https://a.b.example.com', true],
    ['https://wiki.example.com', 'https://example.com', true],
    ['https://example.com', 'https://wiki.example.com', true],
    ['https://wiki.apps.example.com', 'https://www.example.com', false],
    ['https://wiki.example.com', 'https://wiki.example.com', false],
    ['https://wiki.example.com', 'https://notexample.com', false],
    ['https://wiki.example.com', 'https://example.com.evil.test', false],
    ['https://wiki.example.com', 'http://chat.example.com', false],
    ['https://wiki.example.com', 'https://chat.example.com:8443', false],
    ['https://example.com', 'https://other.com', false],
    ['http://a.localhost:1', 'http://b.localhost:1', true],
    ['http://a.localhost:1', 'http://localhost:1', true],
    ['http://127.0.0.1', 'http://1.127.0.0.1.nip.test', false],
    ['https://intranet', 'https://other', false],
    ['http://10.0.0.1', 'http://10.0.0.2', false],
  ])('%s, %s: %s', (own, other, expected) => {
    expect(isSibling(new URL(own), new URL(other))).toBe(expected);
  });

  it('are what the policy of the service worker allows', () => {
    expect(siblingSources(new URL('https://wiki.example.com:8443'))).toEqual([
      'https://example.com:8443',
      'https://*.example.com:8443',
    ]);
    expect(siblingSources(new URL('http://127.0.0.1:1'))).toEqual([]);
  });
});
