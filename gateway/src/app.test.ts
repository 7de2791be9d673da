/** The gateway's behaviour, on Node here and in workerd by `app.worker.test.ts`. */
import { describe, expect, it } from 'vitest';
import { AppError } from '@postern/shared/errors';
import { silentLogger } from '@postern/shared/log';
import type { Branding } from '@postern/shared/branding';
import type { ApplicationInfo } from '@postern/shared/schemas';
import { createApp } from './app.ts';
import { hashSource } from './csp.ts';
import { gatewaySettingsSchema } from './config.ts';

const hash = (text: string) => `'sha256-${text.padEnd(43, 'A')}='`;
const file = (letter: string) => ({ sha256: letter.repeat(64) });
const contents: Record<string, string> = {
  'loader.html':
    '<!doctype html><meta name="postern-application" content="{}" /><title>Opening</title>',
  'page.css': 'main{}',
  'login.html': '<!doctype html><title>Sign in</title>',
  'assets/postern-sw.js': 'self.worker = 1;',
  'assets/loader-0123.js': 'loader();',
  'assets/login-0123.css': 'body{}',
};
const manifest = {
  version: 1 as const,
  entries: { worker: 'assets/postern-sw.js' },
  documents: {
    loader: {
      file: 'loader.html',
      csp: { scriptHashes: [hash('loaderScript')], styleHashes: [hash('loaderStyle')] },
    },
    login: {
      file: 'login.html',
      csp: { scriptHashes: [hash('loginScript')], styleHashes: [hash('loginStyle')] },
    },
  },
  styles: { page: 'page.css' },
  files: {
    'page.css': file('f'),
    'assets/loader-0123.js': file('a'),
    'assets/login-0123.css': file('b'),
    'assets/postern-sw.js': file('c'),
    'loader.html': file('d'),
    'login.html': file('e'),
  },
};

const wiki: ApplicationInfo = {
  id: 'wiki',
  name: 'Wiki',
  origin: 'http://wiki.localhost:8080',
  clientId: 'wiki',
  issuer: 'http://controller.localhost:9000/oidc',
  apiUrl: 'http://controller.localhost:9000/postern/v1',
  loginOrigin: 'http://login.localhost:8080',
  resource: 'urn:postern:service:s1',
};

const LOGO = 'ab'.repeat(32);
/** Every text an operator can set, as hostile as can be. */
const acme: Branding = {
  name: '</title>"<script>alert(1)</script>',
  logo: { sha256: LOGO, mediaType: 'image/svg+xml' },
  light: { accent: '#112233' },
  helpUrl: 'https://help.example/"onclick="x',
  supportText: '<img src=x onerror=alert(1)>',
};
const branded: ApplicationInfo = { ...wiki, origin: 'http://acme.localhost:8080', branding: acme };

async function gateway(settings: object = {}, lookups: string[] = []) {
  const app = await createApp({
    assets: {
      manifest,
      get: async (path) => {
        const text = contents[path];
        if (text === undefined) throw new Error(`no file ${path}`);
        return new TextEncoder().encode(text);
      },
    },
    applicationLookup: {
      find: async (host) => {
        lookups.push(host);
        if (host === 'down.localhost:8080') {
          throw new AppError('ERR_CONTROLLER_UNREACHABLE', 'down');
        }
        if (host === 'broken.localhost:8080') throw new Error('secret detail');
        if (host === 'acme.localhost:8080') return { info: branded, etag: '"v2"' };
        return host === 'wiki.localhost:8080' ? { info: wiki, etag: '"v1"' } : undefined;
      },
    },
    brandingLookup: {
      network: async () => acme,
      logo: async (sha256) =>
        sha256 === LOGO
          ? { bytes: new TextEncoder().encode('<svg/>'), mediaType: 'image/svg+xml' }
          : undefined,
    },
    settings: gatewaySettingsSchema.parse({
      controllerUrl: ['http://127.0.0.1:9000'],
      loginOrigin: 'http://login.localhost:8080',
      issuer: wiki.issuer,
      apiUrl: wiki.apiUrl,
      idpOrigins: ['http://idp.localhost:9100'],
      ...settings,
    }),
    logger: silentLogger,
  });
  return (url: string, init: RequestInit = {}) => app.fetch(new Request(url, init));
}

const app = 'http://wiki.localhost:8080';
const login = 'http://login.localhost:8080';
const navigate = { headers: { 'sec-fetch-dest': 'document', accept: 'text/html' } };

/** Every kind of answer there is: each must bear the whole header set. */
const everyAnswer: [string, number, string, RequestInit?, object?][] = [
  ['loader', 200, `${app}/page?x=1`, navigate],
  [
    'loader not modified',
    304,
    `${app}/`,
    { headers: { ...navigate.headers, 'if-none-match': `"${'d'.repeat(64)}.v1"` } },
  ],
  ['loader for a form', 200, `${app}/form`, { ...navigate, method: 'POST', body: 'a=1' }],
  ['loader by HEAD', 200, `${app}/`, { ...navigate, method: 'HEAD' }],
  ['service worker', 200, `${app}/postern-sw.js`, { headers: { 'service-worker': 'script' } }],
  ['foreign service worker', 403, `${app}/app-sw.js`, { headers: { 'service-worker': 'script' } }],
  [
    'asset as a service worker',
    403,
    `${app}/.postern/assets/loader-0123.js`,
    { headers: { 'service-worker': 'script' } },
  ],
  ['service worker by POST', 405, `${app}/postern-sw.js`, { method: 'POST' }],
  ['configuration', 200, `${app}/.postern/config.json`],
  ['asset', 200, `${app}/.postern/assets/loader-0123.js`],
  ['unknown asset', 404, `${app}/.postern/assets/nothing.js`],
  [
    'bypassing request',
    503,
    `${app}/api/data`,
    { headers: { 'sec-fetch-dest': 'empty', accept: '*/*' } },
  ],
  [
    'bypassing object',
    503,
    `${app}/x`,
    { headers: { 'sec-fetch-dest': 'object', accept: 'text/html' } },
  ],
  ['bypassing write', 503, `${app}/x`, { ...navigate, method: 'PUT', body: 'x' }],
  ['logo', 200, `${app}/.postern/branding/${LOGO}.svg`],
  ['logo as a document', 404, `${app}/.postern/branding/${LOGO}.svg`, navigate],
  ['logo of another type', 404, `${app}/.postern/branding/${LOGO}.png`],
  ['unknown logo', 404, `${login}/.postern/branding/${'0'.repeat(64)}.svg`],
  ['login', 200, `${login}/?interaction=abc`, navigate],
  ['login callback', 200, `${login}/callback?code=c&state=s`, navigate],
  ['sign-out', 200, `${login}/signout`, navigate],
  ['login configuration', 200, `${login}/.postern/login-config.json`],
  ['login asset', 200, `${login}/.postern/assets/login-0123.css`],
  ['no login page', 404, `${login}/deep/path`, navigate],
  [
    'login service worker',
    403,
    `${login}/postern-sw.js`,
    { headers: { 'service-worker': 'script' } },
  ],
  ['login by POST', 405, `${login}/`, { method: 'POST', body: 'x' }],
  ['unknown host', 421, 'http://other.localhost:8080/', navigate],
  ['controller unreachable', 503, 'http://down.localhost:8080/', navigate],
  ['failure', 500, 'http://broken.localhost:8080/', navigate],
  ['contradicting host', 400, `${app}/`, { headers: { host: 'login.localhost:8080' } }],
  ['long URL', 400, `${app}/${'a'.repeat(8192)}`, navigate],
  ['switched off', 503, `${app}/`, navigate, { killSwitch: true }],
  [
    'removing worker',
    200,
    `${app}/postern-sw.js`,
    { headers: { 'service-worker': 'script' } },
    { killSwitch: true },
  ],
];

describe('every answer', () => {
  it.each(everyAnswer)(
    '%s: status and security headers',
    async (_name, status, url, init, settings) => {
      const response = await (await gateway(settings))(url, init);
      expect(response.status).toBe(status);
      const headers = Object.fromEntries(response.headers);
      expect(headers).toMatchObject({
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
      expect(headers['permissions-policy']).toContain('camera=()');
      const csp = headers['content-security-policy'] ?? '';
      expect(csp).toMatch(/^default-src 'none'/);
      expect(csp).toContain("frame-ancestors 'none'");
      expect(csp).toContain("base-uri 'none'");
      expect(csp).not.toMatch(/'unsafe-inline'|'unsafe-eval'|(?<!:\/\/)\*/);
      for (const name of ['set-cookie', 'server', 'service-worker-allowed', 'x-powered-by']) {
        expect(headers).not.toHaveProperty(name);
      }
      expect(headers['cache-control']).toMatch(
        /^(?:no-store|no-cache|public, max-age=31536000, immutable)$/,
      );
      expect(headers).not.toHaveProperty('strict-transport-security');
    },
  );

  it('demands TLS where origins are https', async () => {
    const get = await gateway({ loginOrigin: 'https://login.example.com' });
    const response = await get('https://login.example.com/');
    expect(response.headers.get('strict-transport-security')).toBe('max-age=31536000');
  });
});

describe('application origin', () => {
  it('answers each navigation with the loader, not cached unasked', async () => {
    const response = await (await gateway())(`${app}/deep/link?x=1`, navigate);
    expect(await response.text()).toContain('content="{&quot;name&quot;:&quot;Wiki&quot;}"');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toBe(
      `default-src 'none'; script-src ${app}/.postern/assets/ ${hash('loaderScript')}; ` +
        `style-src ${app}/.postern/assets/ ${hash('loaderStyle')}; img-src ${app}/.postern/branding/; ` +
        `worker-src ${app}/postern-sw.js; ` +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
  });

  it('takes Accept for a navigation only without Fetch Metadata', async () => {
    const get = await gateway();
    expect((await get(`${app}/`, { headers: { accept: 'text/html,*/*' } })).status).toBe(200);
    expect(
      (await get(`${app}/`, { headers: { accept: 'text/html', 'sec-fetch-dest': 'empty' } }))
        .status,
    ).toBe(503);
    expect((await get(`${app}/`)).status).toBe(503);
  });

  it.each(['iframe', 'frame', 'document'])('loads in a %s', async (destination) => {
    const response = await (
      await gateway()
    )(`${app}/`, { headers: { 'sec-fetch-dest': destination } });
    expect(response.status).toBe(200);
  });

  it('says what happened to a request that bypassed the worker', async () => {
    const response = await (
      await gateway()
    )(`${app}/api/users`, { headers: { accept: 'application/json' } });
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({
      status: 503,
      code: 'ERR_GATEWAY_NOT_CONTROLLED',
    });
  });

  it('serves the worker under a policy of its own', async () => {
    const response = await (
      await gateway()
    )(`${app}/postern-sw.js`, { headers: { 'service-worker': 'script' } });
    expect(await response.text()).toBe('self.worker = 1;');
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    const csp = response.headers.get('content-security-policy') ?? '';
    expect(csp).toContain("script-src 'wasm-unsafe-eval'");
    expect(csp).toContain(
      "connect-src 'self' http://localhost:8080 http://*.localhost:8080 http://controller.localhost:9000 ws:",
    );
  });

  it('serves the worker at one path only', async () => {
    const get = await gateway();
    expect((await get(`${app}/.postern/assets/postern-sw.js`)).status).toBe(404);
    expect((await get(`${login}/postern-sw.js`)).status).toBe(404);
  });

  it('gives out the configuration with the validator of the controller', async () => {
    const get = await gateway();
    const response = await get(`${app}/.postern/config.json`);
    expect(await response.json()).toEqual(wiki);
    expect(response.headers.get('etag')).toBe('"v1"');
    const again = await get(`${app}/.postern/config.json`, {
      headers: { 'if-none-match': 'W/"v1"' },
    });
    expect(again.status).toBe(304);
  });

  it('serves assets for ever', async () => {
    const response = await (await gateway())(`${app}/.postern/assets/loader-0123.js`);
    expect(await response.text()).toBe('loader();');
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  });

  it.each([
    '/.postern/assets/../loader.html',
    '/.postern/assets/%2e%2e/loader.html',
    '/.postern/assets/..%2floader.html',
    '/.postern/assets/..%5cloader.html',
    '/.postern/assets/..\\loader.html',
    '/.postern/assets/assets/loader-0123.js',
    '/.postern/assets//loader-0123.js',
    '/.postern/assets/loader-0123.js/',
    '/.postern/assets/loader-0123.js%00',
    '/.postern/assets/manifest.json',
    '/.postern/assets/constructor',
    '/%2epostern/assets/loader-0123.j%73',
  ])('gives no file for %s', async (path) => {
    const response = await (await gateway())(app + path);
    expect([404, 503]).toContain(response.status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  it('takes itself out when the kill switch is on', async () => {
    const get = await gateway({ killSwitch: true });
    const worker = await (await get(`${app}/postern-sw.js`)).text();
    expect(worker).toContain('registration.unregister()');
    expect(worker).not.toContain('fetch');
    expect(await (await get(`${app}/`, navigate)).text()).toContain('Access is switched off');
    expect((await get(`${login}/`, navigate)).status).toBe(200);
  });
});

describe('the look', () => {
  it('reaches the loader as one attribute, whatever it says', async () => {
    const response = await (await gateway())('http://acme.localhost:8080/', navigate);
    const text = await response.text();
    expect(text.match(/[<>]/g)).toHaveLength(contents['loader.html']!.match(/[<>]/g)!.length);
    const [, content = ''] = /content="([^"]*)"/.exec(text) ?? [];
    const entities: Record<string, string> = { quot: '"', lt: '<', gt: '>', amp: '&' };
    const decoded = content.replace(/&(\w+);/g, (_, name: string) => entities[name] ?? '');
    expect(JSON.parse(decoded)).toEqual({ name: 'Wiki', branding: acme });
    expect(response.headers.get('etag')).toBe(`"${'d'.repeat(64)}.v2"`);
  });

  it.each([
    ['switched off', 'http://acme.localhost:8080/', { killSwitch: true }],
    ['not found', `${login}/nothing`, {}],
  ])('reaches the page "%s" as text and as colours', async (_name, url, settings) => {
    const response = await (await gateway(settings))(url, navigate);
    const text = await response.text();
    expect(text).toContain('--brand-light-accent:#112233');
    expect(text).toContain(`<img src="/.postern/branding/${LOGO}.svg" alt="">`);
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(text).not.toMatch(/<script|onclick="x/);
    const [, style = ''] = /<style>([^]*)<\/style>/.exec(text) ?? [];
    expect(response.headers.get('content-security-policy')).toContain(
      `style-src ${await hashSource(style)};`,
    );
  });

  it('reaches the login pages, and is that of the network there', async () => {
    const response = await (await gateway())(`${login}/.postern/login-config.json`);
    expect(await response.json()).toMatchObject({ branding: acme });
  });

  it('gives logos to images alone, under a policy that runs nothing', async () => {
    const url = `${app}/.postern/branding/${LOGO}.svg`;
    const get = await gateway();
    const response = await get(url, { headers: { 'sec-fetch-dest': 'image' } });
    expect(response.headers.get('content-type')).toBe('image/svg+xml');
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'.*; sandbox$/,
    );
    for (const destination of ['document', 'iframe', 'embed', 'object', 'script', 'style'])
      expect((await get(url, { headers: { 'sec-fetch-dest': destination } })).status).toBe(404);
  });

  it('speaks the language asked for', async () => {
    const headers = { ...navigate.headers, 'accept-language': 'de-CH, en;q=0.5' };
    const response = await (await gateway())('http://other.localhost:8080/', { headers });
    expect(await response.text()).toMatch(/<html lang="de">[^]*gibt es keine Anwendung/);
    expect(response.headers.get('vary')).toBe('Accept-Language');
  });
});

describe('login origin', () => {
  it('may reach the controller and the identity providers, and nothing else', async () => {
    const response = await (await gateway())(`${login}/`, navigate);
    expect(await response.text()).toBe(contents['login.html']);
    const csp = response.headers.get('content-security-policy') ?? '';
    expect(csp).toContain(
      "connect-src 'self' http://controller.localhost:9000 http://idp.localhost:9100;",
    );
    expect(csp).toContain("require-trusted-types-for 'script'");
  });

  it('tells the page where the controller is', async () => {
    const response = await (await gateway())(`${login}/.postern/login-config.json`);
    expect(await response.json()).toEqual({
      issuer: wiki.issuer,
      apiUrl: wiki.apiUrl,
      branding: acme,
    });
  });

  it('never asks the controller about itself', async () => {
    const lookups: string[] = [];
    await (
      await gateway({}, lookups)
    )(`${login}/`);
    expect(lookups).toEqual([]);
  });
});

describe('host check', () => {
  it.each([
    ['http://wiki.localhost:8080/', 200],
    ['http://WIKI.localhost:8080/', 200],
    ['http://wiki.localhost/', 421],
    ['http://wiki.localhost:8081/', 421],
    ['http://a.wiki.localhost:8080/', 421],
    ['http://login.localhost:8081/', 421],
    ['http://127.0.0.1:8080/', 421],
    ['http://[::1]:8080/', 400],
  ])('%s: %i', async (url, status) => {
    expect((await (await gateway())(url, navigate)).status).toBe(status);
  });

  it('comes before everything else', async () => {
    const get = await gateway();
    for (const path of [
      '/postern-sw.js',
      '/.postern/config.json',
      '/.postern/assets/loader-0123.js',
    ]) {
      const response = await get(`http://other.localhost:8080${path}`, {
        headers: { 'service-worker': 'script' },
      });
      expect(response.status).toBe(421);
    }
  });

  it('explains an unreachable controller, and hides what failed inside', async () => {
    const get = await gateway();
    expect(await (await get('http://down.localhost:8080/')).text()).toContain(
      'The controller cannot be reached',
    );
    expect(await (await get('http://broken.localhost:8080/')).text()).not.toContain('secret');
  });

  it('uses the Host header where the target has none of its own', async () => {
    const get = await gateway();
    const response = await get(`${app}/`, {
      headers: { ...navigate.headers, host: 'wiki.localhost:8080' },
    });
    expect(response.status).toBe(200);
  });
});
