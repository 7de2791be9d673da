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

  it('takes ACME only whole: the word and its settings', () => {
    const acme = { agreeToTerms: true, names: ['login.example.com'], stateDir: 'a', httpPort: 80 };
    const listen = { host: '0.0.0.0', port: 443 };
    const problems = (change: object) =>
      gatewayConfigSchema
        .safeParse({ ...minimal, listen, ...change })
        .error?.issues.map(({ path }) => path.join('.'));
    expect(problems({ tls: 'acme', acme })).toBeUndefined();
    expect(problems({ tls: 'acme' })).toEqual(['acme']);
    const tls = { certFile: 'cert.pem', keyFile: 'key.pem' };
    expect(problems({ tls, acme })).toEqual(['acme']);
    expect(problems({ tls: 'acme', acme: { ...acme, agreeToTerms: false } })).toEqual([
      'acme.agreeToTerms',
    ]);
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
