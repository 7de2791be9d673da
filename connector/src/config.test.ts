import { describe, expect, it } from 'vitest';
import { connectorConfigSchema } from './config.ts';

const minimal = {
  stateDir: 'state',
  services: [{ service: 'wiki', target: 'http://127.0.0.1:3000' }],
};

describe('connectorConfigSchema', () => {
  it('fills in defaults', () => {
    const [service] = connectorConfigSchema.parse(minimal).services;
    expect(service).toMatchObject({
      forwardHost: 'application',
      headers: { set: {}, remove: [] },
      maxConnections: 1024,
      timeouts: { connectMs: 5000, headersMs: 300_000, idleMs: 0 },
    });
    expect(service?.rules).toBeUndefined();
  });

  it('reports every problem at once', () => {
    const result = connectorConfigSchema.safeParse({
      stateDir: '',
      controlAddresses: ['https://x'],
      unknown: 1,
      services: [
        { service: 'a', target: 'ftp://x', headers: { set: { 'bad name': 'x\r\ny' } } },
        { service: 'a', target: 'http://h/path', rules: [] },
      ],
    });
    const paths = result.error?.issues.map(({ path }) => path.join('.'));
    expect(paths).toEqual(
      expect.arrayContaining([
        'stateDir',
        'controlAddresses.0',
        '',
        'services.0.target',
        'services.1.target',
        'services.1.rules',
      ]),
    );
  });

  it.each(['tcp://h', 'http://u:p@h', 'http://h/x', 'unix:relative', 'h:80', 'http://h/?q'])(
    'refuses the target %s',
    (target) => {
      const services = [{ service: 'a', target }];
      expect(connectorConfigSchema.safeParse({ ...minimal, services }).success).toBe(false);
    },
  );
});
