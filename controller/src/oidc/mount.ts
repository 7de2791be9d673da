/**
 * The OIDC provider under `/oidc` of the public listener.
 *
 * The provider builds its URLs from the request, so host and scheme are pinned to the public URL
 * first. A sign-in is finished only in the browser that proved it: the resume URL carries a ticket
 * which the login origin alone received, while the provider's cookie is in the browser that began.
 * Without the ticket, an interaction begun by an attacker and continued by a signed-in victim would
 * end in the attacker's browser.
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { ControllerContext } from '../context.ts';
import {
  createProvider,
  DIAL_SCOPE,
  signInProof,
  type ProviderOptions,
} from './create-provider.ts';
import { ERROR_PAGE_HEADERS, renderErrorPage } from './error-page.ts';
import { hashId } from './payload-store.ts';

export const OIDC_PATH = '/oidc';
/** RFC 8414 §3.1 puts the metadata of an issuer with a path here. */
const METADATA_PATH = `/.well-known/oauth-authorization-server${OIDC_PATH}`;
const RESUME_PATH = /^\/auth\/([A-Za-z0-9_-]{1,128})$/;

export interface OidcMount {
  /** The provider over the current keys. */
  readonly provider: Provider;
  /** True when the path is the provider's. */
  owns(pathname: string): boolean;
  handle(request: IncomingMessage, response: ServerResponse): void;
}

export function mountOidc(
  ctx: ControllerContext,
  options: Omit<ProviderOptions, 'cookieKey'>,
): OidcMount {
  const cookieKey = ctx.sealer.derive('oidc cookies');
  const create = () => {
    const provider = createProvider(ctx, { ...options, cookieKey });
    return { provider, callback: provider.callback(), key: options.keys.current('token') };
  };
  let latest = create();
  // The provider fixes its keys when made; its state is all in the store.
  options.keys.onChange(() => (latest = create()));
  /** A successor begins to sign at its hour, which nothing announces. */
  const current = () => {
    if (options.keys.current('token') !== latest.key) latest = create();
    return latest;
  };
  const publicUrl = new URL(ctx.endpoints.public);

  const serve = (request: IncomingMessage, response: ServerResponse, path: string): void => {
    request.headers.host = publicUrl.host;
    request.headers['x-forwarded-proto'] = publicUrl.protocol.slice(0, -1);
    delete request.headers['x-forwarded-host'];
    delete request.headers['x-forwarded-for'];
    Object.assign(request, { originalUrl: OIDC_PATH + path });
    request.url = path;
    void current().callback(request, response);
  };

  return {
    get provider() {
      return current().provider;
    },
    owns: (pathname) =>
      pathname === METADATA_PATH || pathname === OIDC_PATH || pathname.startsWith(`${OIDC_PATH}/`),
    handle: (request, response) => {
      const url = new URL(request.url ?? '/', publicUrl);
      if (url.pathname === METADATA_PATH) {
        serve(request, response, '/.well-known/oauth-authorization-server');
        return;
      }
      const path = url.pathname.slice(OIDC_PATH.length) || '/';
      // RFC 6749 §3.3: a request without scope gets the default one.
      if (path === '/auth' && !url.searchParams.has('scope')) {
        url.searchParams.set('scope', DIAL_SCOPE);
      }
      const uid = RESUME_PATH.exec(path)?.[1];
      if (uid === undefined) {
        serve(request, response, path + url.search);
        return;
      }
      hasTicket(current().provider, uid, url.searchParams.get('ticket')).then(
        (proven) => {
          if (proven) serve(request, response, path);
          else refuse(response, 400, 'access_denied');
        },
        (error: unknown) => {
          ctx.logger.error('oidc.resumeFailed', { error });
          refuse(response, 500, 'server_error');
        },
      );
    },
  };
}

async function hasTicket(provider: Provider, uid: string, ticket: string | null): Promise<boolean> {
  const interaction = await provider.Interaction.find(uid);
  const expected = signInProof(interaction?.result)?.ticketHash;
  if (ticket === null || expected === undefined) return false;
  const actual = Buffer.from(hashId(ticket));
  const wanted = Buffer.from(expected);
  return actual.length === wanted.length && timingSafeEqual(actual, wanted);
}

function refuse(response: ServerResponse, status: number, error: string): void {
  response.writeHead(status, ERROR_PAGE_HEADERS).end(renderErrorPage(error));
}
