import { isAppError } from '@postern/shared/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowedTargetSchema } from './allowed-targets.ts';
import { chooseDestination, type Forwarding } from './destination.ts';

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const forwarding: Forwarding = {
  address: { among: ['*.internal', '10.0.0.0/8'] },
  port: { among: [{ low: 8000, high: 8999 }] },
  reach: [
    allowedTargetSchema.parse({ address: '*.internal', ports: '1-65535' }),
    allowedTargetSchema.parse({ address: '10.1.0.0/16', ports: '1-65535' }),
  ],
};
const choose = (data: unknown, within = forwarding) => chooseDestination(within, bytes(data));
const why = (data: unknown, within = forwarding) => {
  try {
    choose(data, within);
  } catch (error) {
    if (isAppError(error, 'ERR_DESTINATION_REFUSED')) return error.message;
    throw error;
  }
  return undefined;
};

describe('chooseDestination', () => {
  it('goes where the dialer wants, within the service and this machine', () => {
    expect(choose({ dst_hostname: 'Wiki.internal', dst_port: '8080' })).toEqual({
      host: 'wiki.internal',
      port: 8080,
    });
    expect(choose({ dst_protocol: 'tcp', dst_ip: '10.1.2.3', dst_port: 8000 })).toEqual({
      host: '10.1.2.3',
      port: 8000,
    });
  });

  it('keeps to what is fixed, whatever the dialer says', () => {
    const fixed = { ...forwarding, address: 'wiki.internal', port: 443 };
    expect(choose({ dst_hostname: 'evil.test', dst_port: '22' }, fixed)).toEqual({
      host: 'wiki.internal',
      port: 443,
    });
    expect(chooseDestination(fixed, undefined)).toEqual({ host: 'wiki.internal', port: 443 });
  });

  it.each([
    [{ dst_hostname: 'evil.test', dst_port: '8080' }, 'address'],
    [{ dst_ip: '10.2.0.1', dst_port: '8080' }, 'this connector'],
    [{ dst_hostname: 'wiki.internal', dst_port: '9000' }, 'port'],
    [{ dst_hostname: 'wiki.internal', dst_port: '0' }, 'port'],
    [{ dst_hostname: 'wiki.internal' }, 'no port'],
    [{ dst_port: '8080' }, 'no address'],
    [{ dst_hostname: '', dst_ip: '', dst_port: '8080' }, 'no address'],
    [{ dst_hostname: '0x0a010203', dst_port: '8080' }, 'neither'],
    [{ dst_hostname: '167838211', dst_port: '8080' }, 'neither'],
    [{ dst_hostname: 'a b.internal', dst_port: '8080' }, 'neither'],
    [{ dst_hostname: 'wiki.internal\n', dst_port: '8080' }, 'neither'],
    [{ dst_hostname: 'wiki.internal', dst_port: '8080', dst_protocol: 'udp' }, 'udp'],
    [{ dst_hostname: 5, dst_port: '8080' }, 'unreadable'],
    ['text', 'unreadable'],
    [{ dst_hostname: 'wiki.internal', dst_port: '8080', more: 'x'.repeat(5000) }, 'longer'],
  ])('refuses %j', (data, reason) => {
    expect(why(data)).toContain(reason);
  });

  it('refuses or chooses, and throws nothing else, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
        try {
          chooseDestination(forwarding, data);
        } catch (error) {
          expect(isAppError(error, 'ERR_DESTINATION_REFUSED')).toBe(true);
        }
      }),
    );
  });
});
