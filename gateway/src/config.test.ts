import { describe, expect, it } from 'vitest';
import { gatewayConfigSchema } from './config.ts';

const minimal = {
  controllerUrl: 'http://127.0.0.1:9000/',
  loginOrigin: 'http://login.localhost:8080',
  issuer: 'http://controller.localhost:9000/oidc',
  apiUrl: 'http://controller.localhost:9000/postern/v1',
};

describe('gatewayConfigSchema', () => {
  it('fills in defaults', () => {
    expect(gatewayConfigSchema.parse(minimal)).toEqual({
      ...minimal,
      controllerUrl: ['http://127.0.0.1:9000'],
      idpOrigins: [],
      killSwitch: false,
      listen: { host: '127.0.0.1', port: 8080 },
      tls: 'none',
    });
  });

  it('takes no plaintext listener off the loopback', () => {
    const listen = { host: '0.0.0.0', port: 8080 };
    expect(gatewayConfigSchema.safeParse({ ...minimal, listen }).error?.issues[0]?.path).toEqual([
      'tls',
    ]);
    const tls = { certFile: 'cert.pem', keyFile: 'key.pem' };
    expect(gatewayConfigSchema.safeParse({ ...minimal, listen, tls }).success).toBe(true);
  });

  it.each([
    { loginOrigin: 'http://login.localhost:8080/' },
    { loginOrigin: 'https://login.example:443' },
    { loginOrigin: 'javascript:alert(1)' },
    { loginOrigin: 'https://login.example; script-src *' },
    { idpOrigins: ['https://idp.example/path'] },
    { controllerUrl: 'ftp://ctrl.example' },
    { issuer: 'nonsense' },
    { unknown: true },
  ])('refuses %j', (change) => {
    expect(gatewayConfigSchema.safeParse({ ...minimal, ...change }).success).toBe(false);
  });
});
