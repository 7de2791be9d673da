import { LOGO_PATH } from '@postern/shared/branding';
import type { ApplicationInfo } from '@postern/shared/schemas';
import type { FoundApplication } from './application-lookup.ts';
import { loaderCsp, serviceWorkerCsp } from './csp.ts';
import { killSwitchScript } from './kill-switch.ts';
import { escapeHtml } from './escape-html.ts';
import {
  distinct,
  isServiceWorkerScript,
  refuseServiceWorker,
  sendAsset,
  sendFile,
  sendLogo,
  type SiteDeps,
} from './site.ts';
import { ASSETS_PATH } from './site-files.ts';
import { isNavigation } from './target.ts';

const SERVICE_WORKER_PATH = '/postern-sw.js';
const CONFIG_PATH = '/.postern/config.json';

/** Where the loader's document says which application it opens. */
const APPLICATION_META = '<meta name="postern-application" content="{}" />';

/** What the loader shows of an application, as text in an attribute. */
function applicationMeta({ name, branding }: ApplicationInfo): string {
  return APPLICATION_META.replace('{}', () => escapeHtml(JSON.stringify({ name, branding })));
}

/** A validator that changes with either one; without the second, the first alone. */
function joinEtags(file: string, application: string | undefined): string {
  return application === undefined ? file : `"${`${file}.${application}`.replaceAll('"', '')}"`;
}

/**
 * Answers for an application's origin. What reaches the gateway there came past the service worker:
 * a navigation gets the loader, which brings the worker into control; anything else gets an error
 * that no application would give.
 */
export function createApplicationSite(deps: SiteDeps) {
  const { files, responder, settings } = deps;
  const loaderTemplate = new TextDecoder().decode(files.loader.text);

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

  async function loader(
    request: Request,
    { info, etag: applicationEtag }: FoundApplication,
  ): Promise<Response> {
    if (settings.killSwitch) return await deps.page(request, 'switchedOff', info.branding);
    return responder.send(request, {
      body: loaderTemplate.replace(APPLICATION_META, () => applicationMeta(info)),
      type: 'text/html; charset=utf-8',
      cacheControl: 'no-cache',
      etag: joinEtags(files.loader.etag, applicationEtag),
      csp: loaderCsp(
        {
          ...files.loader,
          assetsUrl: info.origin + ASSETS_PATH,
          logosUrl: info.origin + LOGO_PATH,
        },
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
    const file = (await sendAsset(request, path, deps)) ?? (await sendLogo(request, path, deps));
    if (file !== undefined) return file;
    if (isNavigation(request)) return await loader(request, application);
    return responder.problem(
      request,
      503,
      'ERR_GATEWAY_NOT_CONTROLLED',
      'This request bypassed the service worker, which alone can reach the application',
    );
  };
}
