import { describe, expect, it } from 'vitest';
import { allowedTargetSchema, covers, isAllowed } from './allowed-targets.ts';

const allow = (address: string, ports: string) => allowedTargetSchema.parse({ address, ports });

describe('isAllowed', () => {
  const allowed = [
    allow('wiki.internal', '443'),
    allow('*.apps.internal', '8000-8999'),
    allow('10.1.0.0/16', '80'),
    allow('fd00::/8', '80'),
    allow('127.0.0.1', '1-65535'),
  ];
  it.each([
    ['wiki.internal', 443],
    ['WIKI.internal', 443],
    ['a.apps.internal', 8500],
    ['a.b.apps.internal', 8000],
    ['10.1.2.3', 80],
    ['fd00::1', 80],
    ['127.0.0.1', 22],
  ])('covers %s:%i', (host, port) => {
    expect(isAllowed(allowed, { host, port })).toBe(true);
  });
  it.each([
    ['wiki.internal', 80],
    ['wiki.internal.evil.test', 443],
    ['notwiki.internal', 443],
    ['apps.internal', 8500],
    ['.apps.internal', 8500],
    ['evilapps.internal', 8500],
    ['a.apps.internal', 9000],
    ['10.2.0.1', 80],
    ['fe80::1', 80],
    ['::ffff:10.1.2.3', 80],
    ['169.254.169.254', 80],
    ['localhost', 22],
    ['2130706433', 22],
    ['0x7f000001', 22],
    ['127.1', 22],
  ])('does not cover %s:%i', (host, port) => {
    expect(isAllowed(allowed, { host, port })).toBe(false);
  });
  it('covers nothing where nothing is listed', () => {
    expect(isAllowed([], { host: '127.0.0.1', port: 80 })).toBe(false);
  });
});

describe('allowedTargetSchema', () => {
  it.each([
    ['10.0.0.0/33', '80'],
    ['10.0.0.0/8/8', '80'],
    ['*', '80'],
    ['*.', '80'],
    ['a_b.*', '80'],
    ['2130706433', '80'],
    ['a b', '80'],
    ['wiki', '0'],
    ['wiki', '9-8'],
    ['wiki', '65536'],
    ['wiki', ''],
  ])('refuses %s %s', (address, ports) => {
    expect(allowedTargetSchema.safeParse({ address, ports }).success).toBe(false);
  });
});

describe('covers', () => {
  it('takes an unreadable pattern for one that covers nothing', () => {
    expect(covers('10.0.0.0/99', '10.0.0.1')).toBe(false);
    expect(covers('', '')).toBe(false);
  });
});
