import { describe, expect, it } from 'vitest';
import { ownAddresses, serverNames } from './addresses.ts';
import { routerConfigSchema } from './config.ts';

const parse = (extra: object) => routerConfigSchema.safeParse({ stateDir: 'state', ...extra });
const bound = (port: number) => ({ address: '127.0.0.1', family: 'IPv4', port });

describe('router configuration', () => {
  it('has the defaults of the threat model', () => {
    expect(parse({}).data?.limits).toMatchObject({
      unauthenticatedSockets: 1000,
      unauthenticatedPerAddress: 20,
      circuitsPerClient: 256,
      bufferedBytes: 268_435_456,
      helloTimeoutMs: 5_000,
      pingAfterMs: 20_000,
      deadAfterMs: 45_000,
      linkDeadAfterMs: 15_000,
      hostProbeMs: 3_000,
      hostDeadAfterMs: 8_000,
    });
    expect(parse({}).data?.links).toEqual({ groups: ['default'], cost: 1 });
    expect(parse({ links: { groups: ['a b'] } }).success).toBe(false);
    expect(parse({ links: { groups: [] } }).success).toBe(false);
  });

  it('takes plaintext and metrics on loopback only', () => {
    expect(parse({ edge: { host: '127.0.0.1', port: 1, tls: 'none' } }).success).toBe(true);
    expect(parse({ edge: { host: '0.0.0.0', port: 1, tls: 'none' } }).success).toBe(false);
    expect(parse({ edge: { host: '127.0.0.1.example.com', port: 1, tls: 'none' } }).success).toBe(
      false,
    );
    expect(parse({ metrics: { host: '0.0.0.0' } }).success).toBe(false);
  });

  it('refuses members it does not know', () => {
    expect(parse({ insecure: true }).success).toBe(false);
    expect(parse({ fabric: { port: 1, tls: 'none' } }).success).toBe(false);
  });
});

describe('own addresses', () => {
  it('are the bound ones, or what is advertised', () => {
    const config = routerConfigSchema.parse({
      stateDir: 'state',
      edge: { host: '127.0.0.1', port: 0, tls: 'none' },
      fabric: { host: '0.0.0.0', port: 0, advertise: 'r1.example.com' },
    });
    expect(ownAddresses(config, bound(5), bound(6))).toEqual({
      edgeUrls: ['ws://127.0.0.1:5/edge'],
      fabricAddresses: ['tls:r1.example.com:6'],
    });
    expect(serverNames(config)).toContain('r1.example.com');
    expect(ownAddresses(config, undefined, undefined)).toEqual({
      edgeUrls: [],
      fabricAddresses: [],
    });
  });
});
