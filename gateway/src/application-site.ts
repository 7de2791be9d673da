import type { FoundApplication } from './application-lookup.ts';
import { loaderCsp, serviceWorkerCsp } from './csp.ts';
import { killSwitchScript } from './kill-switch.ts';
import { pages } from './pages.ts';
import {
  distinct,
  isServiceWorkerScript,
  refuseServiceWorker,
  sendAsset,
  sendFile,
  type SiteDeps,
} from './site.ts';
import { ASSETS_PATH } from './site-files.ts';
import { isNavigation } from './target.ts';

const SERVICE_WORKER_PATH = '/postern-sw.js';
const CONFIG_PATH = '/.postern/config.json';

/**
 * Answers for an application's origin. What reaches the gateway there came past the service worker:
 * a navigation gets the loader, which brings the worker into control; anything else gets an error
 * that no application would give.
 */
export function createApplicationSite(deps: SiteDeps) {
  const { files, responder, settings } = deps;

  function serviceWorker(request: Request, { info }: FoundApplication): Response {
    return sendFile(request, responder, {
      ...(settings.killSwitch
        ? { body: killSwitchScript }
        : { body: files.serviceWorker.text, etag: files.serviceWorker.etag }),
      type: 'text/javascript; charset=utf-8',
      cacheControl: 'no-cache',
      csp: serviceWorkerCsp(info.origin, distinct([info.issuer, info.apiUrl])),
    });
  }

  function loader(request: Request, { info }: FoundApplication): Response {
    if (settings.killSwitch) return deps.page(request, 503, pages.switchedOff);
    return responder.send(request, {
      body: files.loader.text,
      type: 'text/html; charset=utf-8',
      cacheControl: 'no-cache',
      etag: files.loader.etag,
      csp: loaderCsp(
        { ...files.loader, assetsUrl: info.origin + ASSETS_PATH },
        info.origin + SERVICE_WORKER_PATH,
      ),
      headers: { vary: 'Accept, Sec-Fetch-Dest' },
    });
  }

  return async (
    request: Request,
    path: string,
    application: FoundApplication,
  ): Promise<Response> => {
    if (path === SERVICE_WORKER_PATH) return serviceWorker(request, application);
    if (isServiceWorkerScript(request)) return refuseServiceWorker(request, responder);
    if (path === CONFIG_PATH) {
      return sendFile(request, responder, {
        body: JSON.stringify(application.info),
        type: 'application/json',
        cacheControl: 'no-cache',
        etag: application.etag,
      });
    }
    const asset = await sendAsset(request, path, deps);
    if (asset !== undefined) return asset;
    if (isNavigation(request)) return loader(request, application);
    return responder.problem(
      request,
      503,
      'ERR_GATEWAY_NOT_CONTROLLED',
      'This request bypassed the service worker, which alone can reach the application',
    );
  };
}
