import { isAppError } from '@postern/shared/errors';
import { describe, expect, it } from 'vitest';
import { allowedTargetSchema } from './allowed-targets.ts';
import { hostedByConfig } from './host-config.ts';

const reach = [
  { address: '127.0.0.1', ports: '1-65535' },
  { address: '*.internal', ports: '443' },
].map((entry) => allowedTargetSchema.parse(entry));
type Service = Parameters<typeof hostedByConfig>[0];

const hosted = (data: Record<string, unknown>, more: Partial<Service> = {}) =>
  hostedByConfig(
    { id: 's', name: 'wiki', bindGrant: 'x', hostConfig: { type: 'host.v1', data }, ...more },
    reach,
    'host-7',
  );
const why = (data: Record<string, unknown>, more: Partial<Service> = {}) => {
  try {
    hosted(data, more);
  } catch (error) {
    if (isAppError(error, 'ERR_HOST_CONFIG')) return error.message;
    throw error;
  }
  return undefined;
};
const local = { protocol: 'tcp', address: '127.0.0.1', port: 8080 };

describe('hostedByConfig', () => {
  it('connects to a fixed address: raw, or as HTTP for an application', () => {
    expect(hosted(local)).toMatchObject({ service: 'wiki', target: 'tcp://127.0.0.1:8080' });
    const applicationOrigin = 'https://wiki.example.com';
    expect(hosted(local, { applicationOrigin })?.target).toBe('http://127.0.0.1:8080');
    const both = { applicationOrigin, acceptedEncryption: ['ziti' as const] };
    expect(hosted(local, both)?.target).toBe('tcp://127.0.0.1:8080');
    expect(hosted(local, { hostConfig: undefined })).toBeUndefined();
  });

  it('takes cost, precedence, instance and time-out from its listen options', () => {
    const listenOptions = { cost: 9, precedence: 'failed', connectTimeout: '1.5s', identity: 'a' };
    expect(hosted({ ...local, listenOptions })).toMatchObject({
      listen: { cost: 9, precedence: 'failed', instanceId: 'a' },
      timeouts: { connectMs: 1500 },
    });
    const own = { bindUsingEdgeIdentity: true, connectTimeoutSeconds: 2 };
    expect(hosted({ ...local, listenOptions: own })).toMatchObject({
      listen: { instanceId: 'host-7' },
      timeouts: { connectMs: 2000 },
    });
  });

  it('lets dialers choose where the config forwards', () => {
    const forwarded = hosted({
      forwardProtocol: true,
      allowedProtocols: ['tcp', 'udp'],
      forwardAddress: true,
      allowedAddresses: ['*.internal'],
      forwardPort: true,
      allowedPortRanges: [{ low: 1, high: 1000 }],
    });
    expect(forwarded?.forwarding).toMatchObject({
      address: { among: ['*.internal'] },
      port: { among: [{ low: 1, high: 1000 }] },
    });
  });

  it('takes the first terminator of host.v2, and health checks that act', () => {
    const check = { address: '127.0.0.1:8080', interval: '5s', timeout: '1s' };
    const acting = { ...check, actions: [{ trigger: 'fail', action: 'mark unhealthy' }] };
    const data = { terminators: [{ ...local, portChecks: [check, acting] }, local] };
    expect(hosted({}, { hostConfig: { type: 'host.v2', data } })?.portChecks).toHaveLength(1);
  });

  it.each([
    [{ ...local, address: '169.254.169.254' }, 'is not among hostConfigs.allow'],
    [{ ...local, address: 'a.internal', port: 80 }, 'a.internal:80 is not among'],
    [{ ...local, protocol: 'udp' }, 'only TCP'],
    [{ protocol: 'tcp', port: 1 }, 'neither an address'],
    [{ ...local, proxy: { type: 'http', address: 'p:1' } }, 'proxy'],
    [{ ...local, forwardAddressTranslations: [{}] }, 'forwardAddressTranslations'],
    [{ ...local, listenOptions: { identity: '$tunneler_id.name' } }, 'templates'],
    [{ ...local, listenOptions: { cost: -1 } }, 'listen.cost'],
    [{ ...local, port: 'x' }, 'is not of the form host.v1'],
    [
      { ...local, portChecks: [{ address: '10.0.0.1:22', interval: '1s', timeout: '1s' }] },
      '10.0.0.1:22',
    ],
    [
      { ...local, portChecks: [{ address: 'none', interval: '1s', timeout: '1s' }] },
      'is not among',
    ],
    [
      { ...local, httpChecks: [{ url: 'http://10.0.0.1/', interval: '1s', timeout: '1s' }] },
      '10.0.0.1:80',
    ],
  ])('refuses %j', (data, reason) => {
    expect(why(data)).toContain(reason);
  });

  it('refuses to let dialers choose where an application is', () => {
    const data = { ...local, forwardPort: true, allowedPortRanges: [{ low: 1, high: 9 }] };
    expect(why(data, { applicationOrigin: 'https://a.test' })).toContain('fixed');
  });
});
