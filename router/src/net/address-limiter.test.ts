import { describe, expect, it } from 'vitest';
import { AddressLimiter, addressKey } from './address-limiter.ts';

describe('AddressLimiter', () => {
  it('refuses beyond the limit of one address and gives the slot back once', () => {
    const limiter = new AddressLimiter({ total: 10, perAddress: 2 });
    const first = limiter.acquire('192.0.2.1');
    expect(limiter.acquire('192.0.2.1')).toBeDefined();
    expect(limiter.acquire('192.0.2.1')).toBeUndefined();
    expect(limiter.acquire('192.0.2.2')).toBeDefined();
    first?.();
    first?.();
    expect(limiter.held).toBe(2);
    expect(limiter.acquire('192.0.2.1')).toBeDefined();
    expect(limiter.acquire('192.0.2.1')).toBeUndefined();
  });

  it('refuses beyond the total', () => {
    const limiter = new AddressLimiter({ total: 2, perAddress: 2 });
    limiter.acquire('192.0.2.1');
    limiter.acquire('192.0.2.2');
    expect(limiter.acquire('192.0.2.3')).toBeUndefined();
  });
});

describe('addressKey', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['unknown', 'unknown'],
  ])('%s counts as %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});
