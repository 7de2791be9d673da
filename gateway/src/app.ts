/**
 * The gateway: hands out code and pages, and nothing else. It proxies no request, sets no cookie and
 * sees no token. Decisions are made on the host and on exact paths, in this order: host, stray
 * service-worker scripts, reserved paths, navigation.
 */
import { Hono } from 'hono';
import { isAppError } from '@postern/shared/errors';
import type { Logger } from '@postern/shared/log';
import type { ApplicationLookup, FoundApplication } from './application-lookup.ts';
import { createApplicationSite } from './application-site.ts';
import type { AssetStore } from './assets.ts';
import type { GatewaySettings } from './config.ts';
import { createLoginSite } from './login-site.ts';
import type { Branding } from '@postern/shared/branding';
import type { BrandingLookup } from './branding-lookup.ts';
import { createPages, type PageName } from './pages.ts';
import { createResponder } from './responses.ts';
import { loadSiteFiles } from './site-files.ts';
import { parseTarget } from './target.ts';

interface GatewayDeps {
  assets: AssetStore;
  applicationLookup: ApplicationLookup;
  brandingLookup: BrandingLookup;
  settings: GatewaySettings;
  logger: Logger;
}

/** Builds the app. Rejects when a file the manifest names is missing. */
export async function createApp(deps: GatewayDeps): Promise<Hono> {
  const { settings, applicationLookup, brandingLookup: branding, logger } = deps;
  const login = new URL(settings.loginOrigin);
  const responder = createResponder(login.protocol === 'https:');
  const files = await loadSiteFiles(deps.assets);
  const createPage = createPages(files.pageStyle);
  const page = async (request: Request, name: PageName, look?: Branding) => {
    const reply = await createPage(name, request.headers.get('accept-language'), look);
    return responder.send(request, reply);
  };
  const siteDeps = { files, settings, responder, page, branding };
  const loginSite = createLoginSite(siteDeps);
  const applicationSite = createApplicationSite(siteDeps);

  async function handle(request: Request): Promise<Response> {
    const target = parseTarget(request, login.protocol);
    if (target === undefined) {
      return responder.problem(
        request,
        400,
        'ERR_GATEWAY_BAD_REQUEST',
        'The request target is malformed',
      );
    }
    if (target.host === login.host) return await loginSite(request, target.path);
    let application: FoundApplication | undefined;
    try {
      application = await applicationLookup.find(target.host);
    } catch (error) {
      if (!isAppError(error, 'ERR_CONTROLLER_UNREACHABLE')) throw error;
      return await page(request, 'controllerUnreachable');
    }
    if (application === undefined) return await page(request, 'unknownHost');
    return await applicationSite(request, target.path, application);
  }

  const app = new Hono();
  app.all('*', (context) => handle(context.req.raw));
  app.onError((error, context) => {
    logger.error('request.failed', { error });
    return responder.problem(context.req.raw, 500, 'ERR_GATEWAY_INTERNAL', 'The gateway failed');
  });
  return app;
}
