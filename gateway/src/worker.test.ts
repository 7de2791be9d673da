import { describe, expect, it } from 'vitest';
import { createWorker, type WorkerEnv } from './worker.ts';

const csp = { scriptHashes: [], styleHashes: [] };
const sha256 = '0'.repeat(64);
const files: Record<string, string> = {
  '/manifest.json': JSON.stringify({
    version: 1,
    entries: { worker: 'assets/postern-sw.js', loader: 'assets/loader-1.js' },
    documents: { loader: { file: 'loader.html', csp }, login: { file: 'login.html', csp } },
    styles: { page: 'page.css' },
    files: {
      'page.css': { sha256 },
      'assets/loader-1.js': { sha256, bytes: 1 },
      'assets/postern-sw.js': { sha256 },
      'loader.html': { sha256 },
      'login.html': { sha256 },
    },
  }),
  '/loader.html': 'loader',
  '/page.css': 'main{}',
  '/login.html': 'login',
  '/assets/postern-sw.js': 'worker',
  '/assets/loader-1.js': 'script',
};

function environment(reads: string[]): WorkerEnv {
  return {
    ASSETS: {
      fetch: async (url) => {
        const { pathname } = new URL(url);
        reads.push(pathname);
        const text = files[pathname];
        return text === undefined ? new Response(null, { status: 404 }) : new Response(text);
      },
    },
    CONTROLLER_URL: 'https://ctrl.example/',
    LOGIN_ORIGIN: 'https://login.example',
    ISSUER: 'https://ctrl.example/oidc',
    API_URL: 'https://ctrl.example/postern/v1',
    IDP_ORIGINS: 'https://idp.example https://idp2.example',
  };
}

describe('Worker', () => {
  it('serves from the assets binding and asks the controller by fetch', async () => {
    const reads: string[] = [];
    const asked: string[] = [];
    const worker = createWorker(async (url) => {
      asked.push(url as string);
      return new Response(null, { status: 404 });
    });
    const env = environment(reads);
    const login = await worker.fetch(new Request('https://login.example/'), env);
    expect(await login.text()).toBe('login');
    expect(login.headers.get('strict-transport-security')).not.toBeNull();
    expect(login.headers.get('content-security-policy')).toContain(
      'https://idp.example https://idp2.example',
    );

    const asset = await worker.fetch(
      new Request('https://login.example/.postern/assets/loader-1.js'),
      env,
    );
    expect(await asset.text()).toBe('script');
    expect((await worker.fetch(new Request('https://other.example/'), env)).status).toBe(421);
    expect(asked).toEqual([
      'https://ctrl.example/postern/v1/applications/lookup?host=other.example',
    ]);
    expect(reads.filter((path) => path === '/manifest.json')).toHaveLength(1);
  });

  it('does not start with an invalid setting', async () => {
    const worker = createWorker(fetch);
    const env = { ...environment([]), LOGIN_ORIGIN: 'https://login.example/path' };
    await expect(worker.fetch(new Request('https://login.example/'), env)).rejects.toThrow(
      'origin',
    );
  });
});
