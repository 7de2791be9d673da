import { AppError } from '@postern/shared/errors';

/** An app to open at `https://NAME.DOMAIN/`. */
export interface InitApp {
  /** DNS label. */
  name: string;
  /** As the connector's host reaches it, for example `http://127.0.0.1:3000`. */
  target: string;
}

export interface InitOptions {
  /** For example `example.com`: parts get names below it. */
  domain: string;
  /** Folder to write; absent or empty before. */
  dir: string;
  /** 1 to 16. */
  routers: number;
  apps: InitApp[];
  /** First person who may open the apps. */
  user: string;
  /** Sign-in at an identity provider; `undefined`: by password. */
  oidc: { issuer: string; clientId: string; claim: string } | undefined;
  json: boolean;
}

/** Options of `postern init` as typed. */
export interface InitFlags {
  dir?: string;
  routers?: string;
  app?: string[];
  user?: string;
  oidcIssuer?: string;
  oidcClientId?: string;
  oidcClaim?: string;
  json?: boolean;
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const MAX_ROUTERS = 16;
/** Names that the parts themselves have. */
const RESERVED = /^(ctrl|login|gateway|router-\d+)$/;

/** @throws {AppError} `ERR_CLI_USAGE` saying which option is wrong and what it takes. */
export function parseInitOptions(domain: string, flags: InitFlags): InitOptions {
  const labels = domain.split('.');
  if (labels.length < 2 || domain.length > 200 || !labels.every((label) => LABEL.test(label))) {
    throw usage(`the domain is to look like example.com, got "${domain}"`);
  }
  const routers = Number(flags.routers ?? '2');
  if (!Number.isInteger(routers) || routers < 1 || routers > MAX_ROUTERS) {
    throw usage(`--routers takes 1 to ${MAX_ROUTERS}, got "${flags.routers ?? ''}"`);
  }
  const apps = (flags.app ?? ['wiki=http://127.0.0.1:3000']).map(parseApp);
  if (new Set(apps.map(({ name }) => name)).size !== apps.length) {
    throw usage('--app names must differ from each other');
  }
  const user = flags.user ?? 'alice';
  if (user.length < 4 || user.length > 100 || /[\s"\\]/.test(user)) {
    throw usage(`--user takes 4 to 100 characters without blanks, got "${user}"`);
  }
  return {
    domain,
    dir: flags.dir ?? domain,
    routers,
    apps,
    user,
    oidc: parseOidc(flags),
    json: flags.json === true,
  };
}

function parseApp(text: string): InitApp {
  const separator = text.indexOf('=');
  const name = text.slice(0, Math.max(separator, 0));
  const target = text.slice(separator + 1);
  if (!LABEL.test(name) || RESERVED.test(name)) {
    throw usage(
      `--app takes NAME=http://host:port, NAME in lower-case letters, digits and "-" and none of ctrl, login, gateway, router-N; got "${text}"`,
    );
  }
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.origin !== target.replace(/\/$/, '')) {
    throw usage(`--app ${name} takes http://host:port without a path, got "${target}"`);
  }
  return { name, target: url.origin };
}

function parseOidc({ oidcIssuer, oidcClientId, oidcClaim }: InitFlags): InitOptions['oidc'] {
  if (oidcIssuer === undefined && oidcClientId === undefined) return undefined;
  if (oidcIssuer === undefined || oidcClientId === undefined) {
    throw usage('--oidc-issuer and --oidc-client-id go together');
  }
  if (!URL.canParse(oidcIssuer) || new URL(oidcIssuer).protocol !== 'https:') {
    throw usage(`--oidc-issuer takes an https URL, got "${oidcIssuer}"`);
  }
  const claim = oidcClaim ?? 'email';
  if (!/^[\w.:/-]{1,100}$/.test(claim))
    throw usage(`--oidc-claim takes a claim's name, got "${claim}"`);
  return { issuer: oidcIssuer, clientId: oidcClientId, claim };
}

function usage(message: string): AppError {
  return new AppError('ERR_CLI_USAGE', message);
}
