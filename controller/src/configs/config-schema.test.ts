import { describe, expect, it } from 'vitest';
import { builtInConfigTypes } from '../model/built-in-config-types.ts';
import { dataProblem, schemaProblem } from './config-schema.ts';

const builtIn = (name: string) =>
  ({ ...builtInConfigTypes.find((type) => type.name === name)?.schema }) as Record<string, unknown>;

describe('schemas of config types', () => {
  it.each(builtInConfigTypes.map(({ name }) => name))('%s is usable', (name) => {
    expect(schemaProblem(builtIn(name))).toBeUndefined();
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['is no schema', { type: 'nonsense' }, /type/],
    ['refers elsewhere', { $ref: 'https://example.com/schema.json' }, /another document/],
    ['refers to a file', { properties: { a: { $ref: 'file:///etc/passwd' } } }, /another document/],
    ['refers to nothing', { $ref: '#/definitions/none' }, /none/],
    ['refers to itself', { $ref: '#' }, /itself/],
    [
      'refers in a circle',
      {
        definitions: { a: { $ref: '#/definitions/b' }, b: { items: { $ref: '#/definitions/a' } } },
        $ref: '#/definitions/a',
      },
      /itself/,
    ],
    ['is too large', { description: 'x'.repeat(70_000) }, /larger/],
    ['is too deep', nested(40), /deeper/],
    ['has an endless pattern', { properties: { a: { pattern: 'a'.repeat(600) } } }, /longer/],
    ['has a look-behind', { properties: { a: { pattern: '(?<=a)b' } } }, /./],
    ['has a back-reference', { properties: { a: { pattern: '(a)\\1' } } }, /./],
  ])('is refused when it %s', (_, schema, reason) => {
    expect(schemaProblem(schema)?.reason).toMatch(reason);
  });

  it('is refused when its references multiply', () => {
    const definitions = Object.fromEntries(
      Array.from({ length: 25 }, (_, level) => [
        `d${level}`,
        level === 24
          ? { type: 'string' }
          : { allOf: [1, 2].map(() => ({ $ref: `#/definitions/d${level + 1}` })) },
      ]),
    );
    expect(schemaProblem({ definitions, $ref: '#/definitions/d0' })?.reason).toMatch(
      /too many|deep/,
    );
  });

  it('matches patterns in linear time', () => {
    const schema = { properties: { a: { type: 'string', pattern: '^(a+)+$' } } };
    expect(dataProblem(schema, { a: `${'a'.repeat(30_000)}!` })?.field).toBe('a');
  });

  it('cannot be used to run code', () => {
    const hostile = `"));globalThis.injected=1;(("`;
    expect(
      dataProblem({ properties: { [hostile]: { const: hostile } }, required: [hostile] }, {}),
    ).toBeDefined();
    expect(globalThis).not.toHaveProperty('injected');
  });
});

describe('data of built-in config types', () => {
  it.each<[string, Record<string, unknown>]>([
    [
      'intercept.v1',
      {
        protocols: ['tcp'],
        addresses: ['*.corp', '10.0.0.0/8'],
        portRanges: [{ low: 80, high: 443 }],
      },
    ],
    ['host.v1', { protocol: 'tcp', address: 'localhost', port: 8080 }],
    [
      'host.v1',
      {
        forwardProtocol: true,
        allowedProtocols: ['tcp', 'udp'],
        forwardAddress: true,
        allowedAddresses: ['10.0.0.0/8'],
        forwardPort: true,
        allowedPortRanges: [{ low: 1, high: 65535 }],
        listenOptions: { connectTimeout: '5s', maxConnections: 3, precedence: 'required' },
        portChecks: [
          {
            address: 'a:1',
            interval: '5s',
            timeout: '100ms',
            actions: [{ trigger: 'fail', action: 'increase cost 100', consecutiveEvents: 3 }],
          },
        ],
      },
    ],
    ['host.v2', { terminators: [{ protocol: 'udp', address: '::1', port: 53 }] }],
    ['ziti-tunneler-client.v1', { hostname: 'wiki', port: 80 }],
    ['ziti-tunneler-server.v1', { hostname: 'wiki', port: 80, protocol: 'tcp' }],
    ['proxy.v1', { port: 80, protocols: ['tcp'] }],
  ])('%s takes %j', (name, data) => {
    expect(dataProblem(builtIn(name), data)).toBeUndefined();
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      'intercept.v1',
      { protocols: [], addresses: ['a'], portRanges: [{ low: 1, high: 2 }] },
      'protocols',
    ],
    [
      'intercept.v1',
      { protocols: ['tcp'], addresses: ['a'], portRanges: [{ low: 1, high: 2 }], other: 1 },
      'other',
    ],
    ['host.v1', { address: 'a', port: 1 }, ''],
    ['host.v1', { protocol: 'tcp', address: 'a', forwardPort: true }, ''],
    ['host.v1', { protocol: 'icmp', address: 'a', port: 1 }, 'protocol'],
    ['host.v1', { protocol: 'tcp', address: 'a', port: 65_536 }, 'port'],
    ['host.v2', { terminators: [] }, 'terminators'],
    ['host.v2', { terminators: [{ protocol: 'tcp' }] }, 'terminators.0'],
  ])('%s refuses %j', (name, data, field) => {
    expect(dataProblem(builtIn(name), data)?.field).toBe(field);
  });

  it('is bounded', () => {
    expect(dataProblem({}, { a: 'x'.repeat(70_000) })?.reason).toMatch(/larger/);
  });
});

function nested(depth: number): Record<string, unknown> {
  return depth === 0 ? { type: 'string' } : { properties: { a: nested(depth - 1) } };
}
