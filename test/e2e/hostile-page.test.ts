/**
 * A protected application whose page belongs to an attacker (threat model, "XSS in a protected app",
 * "Malicious app origin"). It may do what script of that origin can do, and gains nothing beyond that
 * one application: no other application's token, no HttpOnly value, no say over the service worker,
 * the sign-in or its sibling.
 */
import { decodeJwt } from 'jose';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser, type TestBrowser, type TestPage } from '../harness/browser.ts';
import { startDemo, type RunningDemo } from '../harness/demo.ts';
import { createProofKey } from '../harness/dpop.ts';
import { startRecordingApp, type RecordingApp } from '../harness/hostile-app.ts';
import { openSignedIn } from '../harness/sign-in.ts';

const ownCookie = 'http-only-value-of-the-hostile-app';
const victimCookie = 'http-only-value-of-the-victim';

interface Application {
  clientId: string;
  issuer: string;
  apiUrl: string;
  loginOrigin: string;
  resource: string;
}
interface Answer {
  status: number;
  type: string;
  body: unknown;
}

let hostile: RecordingApp;
let victim: RecordingApp;
let demo: RunningDemo;
let browser: TestBrowser;
let page: TestPage;
let url: string;
let victimUrl: string;
let application: Application;
let victimApplication: Application;

beforeAll(async () => {
  hostile = await startRecordingApp('Hostile', ownCookie);
  victim = await startRecordingApp('Victim', victimCookie);
  demo = await startDemo('--app', `hostile=${hostile.target}`, '--app', `victim=${victim.target}`);
  url = demo.app('hostile').url;
  victimUrl = demo.app('victim').url;
  application = await configOf(url);
  victimApplication = await configOf(victimUrl);
  browser = await launchBrowser('chromium');
  page = await browser.newPage();
  await openSignedIn(page, demo, url);
  await page.waitFor(`window.kit`);
  const other = await browser.newPage();
  await other.goto(victimUrl);
  await other.waitFor(`window.kit`);
  await other.close();
});
afterAll(async () => {
  await browser.close();
  await demo.stop();
  hostile.close();
  victim.close();
});
beforeEach(async () => {
  await page.goto(url);
  await page.waitFor(`document.querySelector('#app')?.textContent === 'Hostile' && window.kit`);
});

/** Asks the gateway as Node can: by address, with the name in `Host`. */
async function atGateway(address: string, path: string, headers: Record<string, string> = {}) {
  return request(`${demo.report.gateway.url}${path}`, {
    headers: { ...headers, host: new URL(address).host },
  });
}

async function configOf(address: string): Promise<Application> {
  return (await (await atGateway(address, '/.postern/config.json')).body.json()) as Application;
}

/** A URL of the controller's public listener, for Node, which does not resolve `*.localhost`. */
const fromNode = (address: string) => address.replace('controller.localhost', '127.0.0.1');

describe('tokens and keys in storage', () => {
  it('can be used for its own service, which shows that the attacks below use them rightly', async () => {
    const own = await page.evaluate<Answer>(
      `kit.read('session').then((s) => kit.dialGrant('${application.apiUrl}', s.accessToken))`,
    );
    expect(own).toMatchObject({ status: 200, body: { service: { name: 'hostile' } } });
  });

  it('cannot be copied: the private key does not leave, and without it a token is worth nothing', async () => {
    const exported = await page.evaluate<string>(`kit.read('appKey').then(({ privateKey }) =>
      Promise.any(['jwk', 'pkcs8', 'raw'].map((format) => crypto.subtle.exportKey(format, privateKey))))
      .then(() => 'exported', () => 'refused')`);
    expect(exported).toBe('refused');

    const { accessToken } = await page.evaluate<{ accessToken: string }>(`kit.read('session')`);
    const key = await createProofKey();
    const grants = `${application.apiUrl}/dial-grants`;
    const stolen = await request(fromNode(grants), {
      method: 'POST',
      headers: {
        authorization: `DPoP ${accessToken}`,
        dpop: await key.proof('POST', grants, accessToken),
        host: new URL(grants).host,
      },
    });
    expect(stolen.statusCode).toBe(401);
    expect(await stolen.body.json()).toMatchObject({ code: 'ERR_TOKEN_INVALID' });
  });

  it('get no token and no dial grant for another application', async () => {
    const ask = (parameters: Record<string, string>) =>
      page.evaluate<Answer>(`kit.read('session').then((s) =>
        kit.token('${application.issuer}', { grant_type: 'refresh_token', refresh_token: s.refreshToken,
          ...${JSON.stringify(parameters)} }))`);
    const { clientId } = application;
    const otherResource = await ask({
      client_id: clientId,
      resource: victimApplication.resource,
    });
    expect(otherResource).toMatchObject({ status: 400, body: { error: 'invalid_target' } });
    const otherClient = await ask({
      client_id: victimApplication.clientId,
      resource: victimApplication.resource,
    }).catch((error: unknown) => ({ status: 0, body: String(error) }));
    expect(otherClient.status).not.toBe(200);
    expect(JSON.stringify(otherClient)).not.toContain('access_token');
  });

  it('open nothing at the management API or at the endpoints of the login origin', async () => {
    const loot = await page.evaluate<{ accessToken: string; refreshToken: string }>(
      `kit.read('session')`,
    );
    const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
    for (const token of [loot.accessToken, loot.refreshToken]) {
      for (const headers of [{ 'zt-session': token }, { authorization: `Bearer ${token}` }]) {
        const answer = await request(`${demo.report.admin.url}/identities`, {
          dispatcher,
          headers,
        });
        expect(answer.statusCode).toBe(401);
        await answer.body.dump();
      }
    }
    await dispatcher.close();
    const fromPage = await page.evaluate<string>(
      `fetch('${demo.report.admin.url}/version').then(() => 'read', () => 'refused')`,
    );
    expect(fromPage).toBe('refused');
    for (const path of ['/interactions/aaaaaaaaaaaaaaaaaaaa', '/session/end']) {
      const result = await page.evaluate<string>(
        `kit.proof('POST', '${application.apiUrl}${path}').then((dpop) =>
          fetch('${application.apiUrl}${path}', { method: 'POST', headers: { dpop } })).then(() => 'read', () => 'refused')`,
      );
      expect(result).toBe('refused');
    }
  });
});

describe('HttpOnly cookies', () => {
  it('reach the app, and script only as sealed values', async () => {
    const seen = await page.evaluate<{
      loot: string;
      header: string | null;
      all: string[];
    }>(`(async () => {
      const response = await fetch('/cookies');
      return { loot: await kit.loot(), header: response.headers.get('set-cookie'), all: [...response.headers.keys()] };
    })()`);
    expect(hostile.last('/cookies')?.headers.cookie).toContain(`session=${ownCookie}`);
    expect(seen.loot).toContain('shown=1');
    expect(seen.loot).toMatch(/"session","value":"~1\./);
    expect(seen.loot).not.toContain(ownCookie);
    expect(seen.header).toBeNull();
    for (const name of ['service-worker-allowed', 'clear-site-data', 'postern-internal']) {
      expect(seen.all).not.toContain(name);
    }
  });

  it('do not open under the name of a cookie that the app shows', async () => {
    await page.evaluate(`(async () => {
      const { value } = (await kit.read('cookies')).find(({ name }) => name === 'session');
      document.cookie = 'renamed=' + value + '; Path=/';
      document.cookie = 'session=' + value + '; Path=/sub';
      await fetch('/renamed');
    })()`);
    const { cookie = '' } = hostile.last('/renamed')!.headers;
    expect(cookie.match(new RegExp(ownCookie, 'g'))).toHaveLength(1);
    expect(cookie).toContain(`session=${ownCookie}`);
    expect(cookie).not.toContain('renamed');
  });
});

/** Paths of the scripts of all service workers of the origin. */
const registrations = `kit.registrations().then((all) => all.map((one) => new URL((one.active ?? one.installing).scriptURL).pathname))`;

describe('the service worker', () => {
  it.each(['/evil-sw.js', '/kit.js', '/.postern/assets/evil.js', '/sub/postern-sw.js'])(
    'is not replaced by %s, not even through a frame without our runtime',
    async (script) => {
      const results = await page.evaluate<string[]>(`Promise.all([
        kit.native('ServiceWorkerContainer').register.call(navigator.serviceWorker, '${script}', { scope: '/' }),
        kit.native('ServiceWorkerContainer').register.call(navigator.serviceWorker, '${script}', { scope: '/sub/', type: 'module' }),
      ].map((one) => one.then(() => 'registered', (error) => error.name)))`);
      expect(results).not.toContain('registered');
      expect(await page.evaluate(registrations)).toEqual(['/postern-sw.js']);
      expect(hostile.last(script === '/kit.js' ? '/none' : script)).toBeUndefined();
      const direct = await atGateway(url, script, { 'service-worker': 'script' });
      expect(direct.statusCode).toBe(403);
      expect(direct.headers['service-worker-allowed']).toBeUndefined();
      await direct.body.dump();
    },
  );

  it('lets neither the loader nor the login origin be framed', async () => {
    const { loginOrigin } = application;
    await page.evaluate(`(async () => {
      for (const src of ['${loginOrigin}/', '${loginOrigin}/signout', '/.postern/config.json']) {
        const frame = document.createElement('iframe');
        const loaded = new Promise((resolve) => (frame.onload = resolve));
        frame.src = src;
        document.body.append(frame);
        await loaded;
      }
    })()`);
    const error = expect.stringMatching(/^chrome-error:/) as string;
    await expect.poll(() => page.frameUrls().slice(1)).toEqual([error, error, error]);
  });
});

describe('ways past the service worker', () => {
  it('end at the gateway: no byte of the app and no credential', async () => {
    const answers = await page.evaluate<Record<string, Answer>>(`kit.bypasses('/secret')`);
    expect(Object.keys(answers)).toHaveLength(3);
    for (const [by, { status, type, body }] of Object.entries(answers)) {
      expect({ by, status, type }).toEqual({ by, status: 503, type: 'application/problem+json' });
      expect(body).toContain('ERR_GATEWAY_NOT_CONTROLLED');
    }
    expect(hostile.last('/secret')).toBeUndefined();
    const socket = `${url.replace('http', 'ws')}secret`;
    expect(await page.evaluate(`kit.nativeWebSocket('${socket}')`)).toBe('error');
    // The browser's own jar, which would go along on such ways, holds nothing.
    expect(await page.evaluate(`kit.blankFrame().document.cookie`)).toBe('');
    expect(await page.evaluate(`kit.blankFrame().cookieStore.getAll()`)).toEqual([]);
  });
});

describe('messages to the worker', () => {
  it('are answered by nothing secret, whatever they say', async () => {
    const heard = await page.evaluate<unknown[]>(`(async () => {
      const heard = kit.listen();
      const messages = [null, 1, 'postern.prepare', {}, { type: 'postern.prepare' },
        { type: 'postern.prepare', url: location.href }, { type: 'postern.prepare', url: '${victimUrl}' },
        { type: 'postern.alive' }, { type: 'postern.alive', extra: 1 }, { type: 'postern.cookie', value: 'a=1; HttpOnly' },
        { type: 'postern.cookies-seen', version: 1e9 }, { type: 'postern.take-over' }, { type: 'postern.session' },
        { type: '__proto__' }, { kind: 'sign-in', authorizeUrl: 'https://evil.example/' }];
      return [...await Promise.all(messages.map(kit.ask)), ...heard];
    })()`);
    const session = await page.evaluate<Record<string, string>>(`kit.read('session')`);
    const text = JSON.stringify(heard);
    for (const secret of [session['accessToken']!, session['refreshToken']!, ownCookie, 'eyJ']) {
      expect(text).not.toContain(secret);
    }
    expect(heard.filter((answer) => answer !== 'silence').length).toBeGreaterThan(0);
  });

  it('open a WebSocket to another application as the foreign origin alone', async () => {
    const host = new URL(victimUrl).host;
    const answer = await page.evaluate(
      `kit.ask({ type: 'postern.websocket', url: 'ws://${host}/stolen', protocols: [] }).then((a) => a.kind ?? a)`,
    );
    expect(['accepted', 'closed']).toContain(answer);
    await expect.poll(() => victim.last('/stolen')).toBeDefined();
    const { headers } = victim.last('/stolen')!;
    expect(headers.origin).toBe(new URL(url).origin);
    expect([headers.cookie, headers['postern-assertion']]).toEqual([undefined, undefined]);
    expect(hostile.last('/stolen')).toBeUndefined();
  });
});

describe('what the app is told about the caller', () => {
  it('comes from the connector alone', async () => {
    await page.evaluate(`fetch('/spoof', { method: 'POST', headers: {
      'Postern-Assertion': 'forged', 'postern_assertion': 'forged', 'POSTERN-USER': 'forged',
      'X-Forwarded-For': 'forged', 'X_Forwarded_Host': 'forged', 'Forwarded': 'for=forged', 'X-Real-IP': 'forged',
      'X-Ordinary': 'kept' } })`);
    const { rawHeaders, headers } = hostile.last('/spoof')!;
    expect(headers['x-ordinary']).toBe('kept');
    expect(rawHeaders.join('\n')).not.toContain('forged');
    expect(rawHeaders.filter((name) => name.toLowerCase() === 'postern-assertion')).toHaveLength(1);
    expect(headers['postern-assertion']).toMatch(/^eyJ/);
  });
});

describe('a sibling application', () => {
  it('gets no cookie tossed at it', async () => {
    await page.evaluate(`(async () => {
      for (const domain of ['localhost', '.localhost', 'victim.localhost']) {
        document.cookie = 'tossed=1; Path=/; Domain=' + domain;
        kit.blankFrame().document.cookie = 'tossed=1; Path=/; Domain=' + domain;
        await kit.blankFrame().cookieStore.set({ name: 'tossed', value: '1', domain }).catch(() => undefined);
      }
    })()`);
    const other = await browser.newPage();
    await other.goto(`${victimUrl}after-tossing`);
    await other.waitFor(`window.kit`);
    const { cookie = '' } = victim.last('/after-tossing')!.headers;
    expect(cookie).toContain(`session=${victimCookie}`);
    expect(cookie).not.toContain('tossed');
    expect(await other.evaluate<string>(`document.cookie`)).not.toContain('tossed');
    await other.close();
  });

  it('shows nothing to a page here, and is sent nothing of the person', async () => {
    const fetched = await page.evaluate<string[]>(`Promise.all([
      fetch('${victimUrl}by-fetch', { credentials: 'include' }),
      fetch('${victimUrl}by-fetch', { credentials: 'include', mode: 'no-cors' }),
      fetch('${victimUrl}by-fetch', { credentials: 'include', mode: 'no-cors', method: 'POST', body: 'x' }),
      fetch('${victimUrl}by-fetch', { credentials: 'include', method: 'DELETE' }),
    ].map((one) => one.then(async (response) => response.type + await response.text(), () => 'failed')))`);
    expect(fetched).toEqual(['failed', 'opaque', 'opaque', 'failed']);
    const arrived = victim.seen.filter(({ url: path }) => path.startsWith('/by-fetch'));
    expect(arrived.map(({ method }) => method).sort()).toEqual(['GET', 'GET', 'OPTIONS', 'POST']);
    for (const { headers } of arrived) {
      expect(headers.cookie).toBeUndefined();
      expect(headers['postern-assertion']).toBeUndefined();
      expect(headers['sec-fetch-site']).toBe('cross-site');
    }
  });

  it('gives the right that the worker has there to no page in another form', async () => {
    const victimOrigin = new URL(victimUrl).origin;
    const { granted, stretched, again, refreshed } = (await page.evaluate<
      Record<string, Answer>
    >(`(async () => {
      const { accessToken, refreshToken } = await kit.read('session');
      const at = '${application.apiUrl}';
      const ask = (token, origin) => kit.post(at + '/cross-origin-grants', token, { origin });
      const granted = await ask(accessToken, '${victimOrigin}');
      const theirs = granted.body.accessToken;
      return {
        granted,
        stretched: await kit.dialGrant(at, theirs),
        again: await ask(theirs, '${victimOrigin}'),
        refreshed: await kit.token('${application.issuer}', { grant_type: 'refresh_token', refresh_token: theirs, client_id: '${application.clientId}' }),
      };
    })()`)) as Record<'granted' | 'stretched' | 'again' | 'refreshed', Answer>;
    // What it gets says that it is for this origin's pages: the victim's connector holds it to CORS.
    const claims = decodeJwt((granted.body as { dialGrant: string }).dialGrant);
    expect(claims).toMatchObject({ aud: 'postern:dial-cross-origin', via: new URL(url).origin });
    expect(granted.body).not.toHaveProperty('assertion');
    expect(stretched).toMatchObject({ status: 403, body: { code: 'ERR_ACCESS_NO_POLICY' } });
    expect(again.status).toBe(404);
    expect(refreshed.status).toBe(400);
  });

  it('gets no cookie of its own pages with a form posted from here', async () => {
    await page.evaluate(`(() => {
      const form = document.createElement('form');
      form.method = 'post';
      form.action = '${victimUrl}by-form';
      document.body.append(form);
      form.submit();
    })()`);
    await page.waitFor(`location.pathname === '/by-form' && window.kit`);
    const { headers } = victim.last('/by-form')!;
    expect(headers.origin).toBe(new URL(url).origin);
    expect(headers['sec-fetch-site']).toBe('cross-site');
    expect(headers.cookie ?? '').not.toContain(victimCookie);
  });
});

describe('redirects', () => {
  it.each([
    '?code=x&state=guess',
    '?code=x',
    '?error=access_denied&error_description=%3Cscript%3Ealert(1)%3C/script%3E',
    '?code=x&state=guess&target=https://evil.example/&redirect_uri=https://evil.example/',
  ])('of the callback lead nowhere: %s', async (query) => {
    await page.goto(`${url}.postern/callback${query}`);
    await page.waitFor(`/ERR_SIGN_IN_/.test(document.body.innerText)`);
    expect(new URL(page.url()).origin).toBe(new URL(url).origin);
    expect(await page.evaluate(`document.querySelectorAll('script').length`)).toBe(0);
  });

  it('of the login page lead nowhere', async () => {
    const { loginOrigin } = application;
    for (const path of [
      '/?interaction=https%3A%2F%2Fevil.example%2F&redirect=https://evil.example/',
      '/?interaction=..%2F..%2Foidc&retry',
      '/callback?code=x&state=guess&iss=https://evil.example',
    ]) {
      await page.goto(loginOrigin + path);
      await page.waitFor(
        `/ERR_|expired|begun|again|not/i.test(document.querySelector('main')?.innerText ?? '')`,
      );
      expect(new URL(page.url()).origin).toBe(loginOrigin);
    }
  });
});

describe('a page that unregisters the worker', () => {
  it.each(['', 'isolated'])('cannot script an uncontrolled loader (from /%s)', async (path) => {
    const fresh = await launchBrowser('chromium');
    const own = await fresh.newPage();
    await openSignedIn(own, demo, url + path);
    await own.waitFor(`location.pathname === '/${path}' && window.kit`);
    const result = await own.evaluate<Record<string, unknown>>(`(async () => {
      const [registration] = await kit.registrations();
      const removed = await kit.native('ServiceWorkerRegistration').unregister.call(registration);
      const frame = document.createElement('iframe');
      const loaded = new Promise((resolve) => (frame.onload = resolve));
      frame.src = '/framed';
      document.body.append(frame);
      await loaded;
      const popup = window.open('/popup');
      let scripted = 'no';
      for (const end = Date.now() + 2_000; Date.now() < end; await new Promise((go) => setTimeout(go, 2))) {
        try {
          if (popup.location.href !== 'about:blank') scripted = popup.document.documentElement.outerHTML;
        } catch { /* severed */ }
      }
      return { removed, framed: frame.contentDocument?.documentElement?.outerHTML ?? 'blocked', closed: popup.closed, scripted };
    })()`);
    expect(result).toEqual({ removed: true, framed: 'blocked', closed: true, scripted: 'no' });
    await own.goto(url);
    await own.waitFor(`window.kit?.controller()`);
    expect(await own.evaluate(registrations)).toEqual(['/postern-sw.js']);
    await fresh.close();
  });
});

describe('after sign-out', () => {
  it('nothing that the page planted chooses where people sign in', async () => {
    const ended = await page.evaluate<{ accessToken: string }>(`kit.read('session')`);
    await page.evaluate(`(async () => {
      const planted = { ...await kit.read('application'), issuer: 'http://evil.localhost:1/oidc',
        apiUrl: 'http://evil.localhost:1/postern/v1', loginOrigin: 'http://evil.localhost:1' };
      await kit.write('application', planted);
      addEventListener('pagehide', () => kit.write('application', planted));
    })()`);
    await page.goto(`${url}.postern/signout`);
    await page.waitFor(`/signed out/i.test(document.body.innerText)`);
    expect(new URL(page.url()).origin).toBe(application.loginOrigin);

    const again = await browser.newPage();
    await again.goto(url);
    await again.waitFor(`location.origin === ${JSON.stringify(demo.report.idp.issuer)}`);
    // What was looted before is over too, even with the key that it is bound to.
    await again.goto(`${url}.postern/config.json`);
    expect(ended.accessToken).toMatch(/^eyJ/);
    await again.close();
  });
});
