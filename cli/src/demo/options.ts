import { AppError } from '@postern/shared/errors';

/** An app that the demo protects besides the sample. */
export interface DemoApp {
  /** DNS label: the app opens at `http://NAME.localhost:PORT/`. */
  name: string;
  /** `http://127.0.0.1:PORT`, without a path. */
  target: string;
}

export interface DemoOptions {
  json: boolean;
  /** Port of the gateway; 0 picks a free one. Default 8080. */
  port: number;
  /** Existing folder to keep everything in; `undefined`: a fresh temporary one. */
  dataDir: string | undefined;
  apps: DemoApp[];
  /** Keep a temporary data folder on exit. */
  keep: boolean;
}

/** Hosts of the demo's own parts. */
const reservedNames = new Set(['login', 'sample', 'controller', 'idp', 'localhost']);

/** The options of `postern demo` as typed. */
export interface DemoFlags {
  json?: boolean;
  port?: string;
  data?: string;
  /** `NAME=http://127.0.0.1:PORT` */
  app?: string[];
  keep?: boolean;
}

/** @throws {AppError} `ERR_DEMO_OPTIONS` saying which option is wrong and what it takes. */
export function parseDemoOptions(flags: DemoFlags): DemoOptions {
  const { json = false, port: portText = '8080', data, app = [], keep = false } = flags;
  const port = Number(portText);
  if (!/^\d+$/.test(portText) || port > 65_535) {
    throw new AppError('ERR_DEMO_OPTIONS', `--port takes 0 to 65535, got "${portText}"`);
  }
  const apps = app.map(parseApp);
  const names = new Set(apps.map((app) => app.name));
  if (names.size !== apps.length) {
    throw new AppError('ERR_DEMO_OPTIONS', '--app names must differ from each other');
  }
  return { json, port, dataDir: data, apps, keep };
}

function parseApp(text: string): DemoApp {
  const separator = text.indexOf('=');
  const name = text.slice(0, Math.max(separator, 0));
  const target = text.slice(separator + 1);
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
    throw new AppError(
      'ERR_DEMO_OPTIONS',
      `--app takes NAME=http://127.0.0.1:PORT, NAME in lower-case letters, digits and "-"; got "${text}"`,
    );
  }
  if (reservedNames.has(name)) {
    throw new AppError('ERR_DEMO_OPTIONS', `--app cannot use the name "${name}": the demo uses it`);
  }
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search || url.hash) {
    throw new AppError(
      'ERR_DEMO_OPTIONS',
      `--app ${name} takes an address such as http://127.0.0.1:3000 without a path, got "${target}"`,
    );
  }
  return { name, target: url.origin };
}
