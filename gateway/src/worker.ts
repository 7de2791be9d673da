/**
 * The gateway on Cloudflare Workers (wrangler.toml). The built files come from the assets binding;
 * settings are variables. The app is kept per isolate as a value: a promise made in one request may
 * not be awaited in another.
 */
import type { Hono } from 'hono';
import { createApp } from './app.ts';
import { createApplicationLookup } from './application-lookup.ts';
import { createBrandingLookup } from './branding-lookup.ts';
import { createControllerClient } from './controller-client.ts';
import { type AssetStore, assetManifestSchema } from './assets.ts';
import { gatewaySettingsSchema } from './config.ts';
import { createJsonLogger } from './json-logger.ts';

export interface WorkerEnv {
  /** Assets binding on `sw/dist`. */
  ASSETS: { fetch(url: string): Promise<Response> };
  CONTROLLER_URL: string;
  LOGIN_ORIGIN: string;
  ISSUER: string;
  API_URL: string;
  /** Origins separated by spaces. */
  IDP_ORIGINS?: string;
  /** `on` serves a worker that removes itself. */
  KILL_SWITCH?: string;
}

/** A handler that builds its app from the environment of the first request. */
export function createWorker(fetchController: typeof fetch) {
  let app: Hono | undefined;
  return {
    async fetch(request: Request, env: WorkerEnv): Promise<Response> {
      app ??= await buildApp(env, fetchController);
      return await app.fetch(request);
    },
  };
}

async function buildApp(env: WorkerEnv, fetchController: typeof fetch): Promise<Hono> {
  const settings = gatewaySettingsSchema.parse({
    controllerUrl: env.CONTROLLER_URL.split(' ').filter((url) => url !== ''),
    loginOrigin: env.LOGIN_ORIGIN,
    issuer: env.ISSUER,
    apiUrl: env.API_URL,
    idpOrigins: (env.IDP_ORIGINS ?? '').split(' ').filter((origin) => origin !== ''),
    killSwitch: env.KILL_SWITCH === 'on',
  });
  const logger = createJsonLogger();
  const ask = createControllerClient({
    controllerUrls: settings.controllerUrl,
    fetch: (url, init) => fetchController(url, init),
  });
  const lookup = { ask, logger, now: Date.now };
  return await createApp({
    assets: await openAssets(env),
    applicationLookup: createApplicationLookup(lookup),
    brandingLookup: createBrandingLookup(lookup),
    settings,
    logger,
  });
}

async function openAssets(env: WorkerEnv): Promise<AssetStore> {
  const get = async (path: string) => {
    const response = await env.ASSETS.fetch(`https://assets.invalid/${path}`);
    if (!response.ok) throw new Error(`no file ${path}: ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  };
  const manifest = JSON.parse(new TextDecoder().decode(await get('manifest.json'))) as unknown;
  return { manifest: assetManifestSchema.parse(manifest), get };
}

export default createWorker((...args) => fetch(...args));
