import { describe, expect, it } from 'vitest';
import { parseForwarding, parsePort } from './forwarding.ts';

describe('SERVICE:PORT', () => {
  it.each([
    ['db:5432', { service: 'db', port: 5432 }],
    ['a:b:0', { service: 'a:b', port: 0 }],
  ])('%s', (given, expected) => {
    expect(parseForwarding(given)).toEqual(expected);
  });

  it.each(['db', ':5432', 'db:', 'db:65536', 'db:-1', 'db:http'])('refuses %j', (given) => {
    expect(() => parseForwarding(given)).toThrow(
      expect.objectContaining({ code: 'ERR_CLI_USAGE' }),
    );
  });

  it.each(['', '65536', '1.5', 'x'])('refuses the port %j', (given) => {
    expect(() => parsePort(given)).toThrow(expect.objectContaining({ code: 'ERR_CLI_USAGE' }));
  });
});
