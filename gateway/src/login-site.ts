import { loginCsp } from './csp.ts';
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
        body: JSON.stringify({ issuer, apiUrl, branding: await deps.branding.network() }),
        type: 'application/json',
        cacheControl: 'no-cache',
      });
    }
    const file = (await sendAsset(request, path, deps)) ?? (await sendLogo(request, path, deps));
    return file ?? (await deps.page(request, 'notFound', await deps.branding.network()));
  };
}
