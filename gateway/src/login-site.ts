import { loginCsp } from './csp.ts';
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

/** Paths answered by the login document; it has no deeper ones. */
const documentPaths = new Set(['/', '/callback', '/signout']);

/** Answers for the login origin, where no application content ever runs. */
export function createLoginSite(deps: SiteDeps) {
  const { settings, files, responder } = deps;
  const { issuer, apiUrl, loginOrigin, idpOrigins } = settings;
  const csp = loginCsp(
    { ...files.login, assetsUrl: loginOrigin + ASSETS_PATH },
    distinct([issuer, apiUrl, ...idpOrigins]),
  );
  const configBody = JSON.stringify({ issuer, apiUrl });

  return async (request: Request, path: string): Promise<Response> => {
    if (isServiceWorkerScript(request)) return refuseServiceWorker(request, responder);
    if (documentPaths.has(path)) {
      return sendFile(request, responder, {
        body: files.login.text,
        type: 'text/html; charset=utf-8',
        cacheControl: 'no-cache',
        etag: files.login.etag,
        csp,
      });
    }
    if (path === '/.postern/login-config.json') {
      return sendFile(request, responder, {
        body: configBody,
        type: 'application/json',
        cacheControl: 'no-cache',
      });
    }
    return (await sendAsset(request, path, deps)) ?? deps.page(request, 404, pages.notFound);
  };
}
