import { describe, expect, it } from 'vitest';
import { formatTlsAddress, parseTlsAddress } from './address.ts';

describe('tls:host:port', () => {
  it.each([
    ['tls:controller.example:6262', 'controller.example', 6262],
    ['tls:192.0.2.1:1', '192.0.2.1', 1],
    ['tls:[2001:db8::1]:65535', '2001:db8::1', 65_535],
  ])('%s is parsed and formatted', (address, host, port) => {
    expect(parseTlsAddress(address)).toEqual({ host, port });
    expect(formatTlsAddress(host, port)).toBe(address);
  });

  it.each([
    '',
    'host:1',
    'tls:host',
    'tls::1',
    'tls:host:0',
    'tls:host:65536',
    'tls:2001:db8::1:1',
  ])('%s is refused', (address) => {
    expect(() => parseTlsAddress(address)).toThrow(
      expect.objectContaining({ code: 'ERR_DIAL_ADDRESS' }),
    );
  });
});
