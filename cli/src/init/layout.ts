/** One network on hosts of its own: the name, the folder and the configuration of each. */
import type { ConfigObject } from '../config/merge.ts';
import type { InitOptions } from './options.ts';

/** What runs on one host. */
export interface InitPart {
  /** Folder below that of the network, and the host's name in words. */
  folder: string;
  /** As in `postern PART run`. */
  part: 'controller' | 'router' | 'connector' | 'gateway';
  /** Names browsers use, which its certificate must hold; none: it serves no browser. */
  hosts: string[];
  /** TCP ports that others must reach: number, and who comes. */
  ports: { port: number; from: string }[];
  /** Content of `<part>.yaml`. Relative paths start at the folder it stands in. */
  config: ConfigObject;
}

export interface InitLayout {
  ctrlHost: string;
  loginOrigin: string;
  apps: { name: string; origin: string; target: string }[];
  parts: InitPart[];
  /** DNS name and the folder whose address it gets. */
  records: { name: string; folder: string }[];
}

/** Ports of the controller's listeners, the same on every network that `init` makes. */
const ADMIN_PORT = 1280;
const CONTROL_PORT = 6262;
const FABRIC_PORT = 6264;
const HTTPS_PORT = 443;

/** Where a part finds the certificate that browsers see, from its folder. */
export const CERT_FILE = 'tls/cert.pem';
export const KEY_FILE = 'tls/key.pem';

/** @param idpOrigin Origin that the login page may talk to. */
export function createInitLayout(options: InitOptions, idpOrigin: string | undefined): InitLayout {
  const { domain } = options;
  const ctrlHost = `ctrl.${domain}`;
  const loginHost = `login.${domain}`;
  const ctrlUrl = `https://${ctrlHost}`;
  const loginOrigin = `https://${loginHost}`;
  const controlAddress = `tls:${ctrlHost}:${CONTROL_PORT}`;
  const apps = options.apps.map(({ name, target }) => ({
    name,
    target,
    origin: `https://${name}.${domain}`,
  }));
  const gatewayHosts = [loginHost, ...apps.map(({ name }) => `${name}.${domain}`)];
  const tls: ConfigObject = { certFile: CERT_FILE, keyFile: KEY_FILE };
  const browsers = { port: HTTPS_PORT, from: 'browsers' };
  const everywhere = { host: '0.0.0.0', port: HTTPS_PORT };

  const controller: InitPart = {
    folder: 'controller',
    part: 'controller',
    hosts: [ctrlHost],
    ports: [
      browsers,
      { port: CONTROL_PORT, from: 'routers and connectors' },
      { port: ADMIN_PORT, from: 'routers and connectors while they enrol, administrators' },
    ],
    config: {
      dataDir: 'data',
      admin: { host: '0.0.0.0', port: ADMIN_PORT, url: `${ctrlUrl}:${ADMIN_PORT}` },
      public: { ...everywhere, url: ctrlUrl, tls },
      control: { host: '0.0.0.0', port: CONTROL_PORT, advertise: [controlAddress] },
      serverNames: [ctrlHost],
      loginOrigin,
      metrics: { port: 9101 },
    },
  };
  const routers = Array.from({ length: options.routers }, (_, index): InitPart => {
    const folder = `router-${index + 1}`;
    const host = `${folder}.${domain}`;
    return {
      folder,
      part: 'router',
      hosts: [host],
      ports: [browsers, { port: FABRIC_PORT, from: 'routers and connectors' }],
      config: {
        stateDir: 'state',
        enrollmentJwtFile: 'enrollment.jwt',
        edge: { ...everywhere, tls, publicUrls: [`wss://${host}/edge`] },
        fabric: { host: '0.0.0.0', port: FABRIC_PORT, advertise: `${host}:${FABRIC_PORT}` },
        metrics: { port: 9102 },
      },
    };
  });
  const connector: InitPart = {
    folder: 'connector',
    part: 'connector',
    hosts: [],
    ports: [],
    config: {
      stateDir: 'state',
      enrollmentJwtFile: 'enrollment.jwt',
      services: apps.map(({ name, target }) => ({ service: name, target })),
      metrics: { port: 9103 },
    },
  };
  const gateway: InitPart = {
    folder: 'gateway',
    part: 'gateway',
    hosts: gatewayHosts,
    ports: [browsers],
    config: {
      listen: everywhere,
      tls,
      controllerUrl: ctrlUrl,
      loginOrigin,
      issuer: `${ctrlUrl}/oidc`,
      apiUrl: `${ctrlUrl}/postern/v1`,
      ...(idpOrigin === undefined ? {} : { idpOrigins: [idpOrigin] }),
      metrics: { port: 9104 },
    },
  };
  const parts = [controller, ...routers, gateway, connector];
  return {
    ctrlHost,
    loginOrigin,
    apps,
    parts,
    records: parts.flatMap(({ folder, hosts }) => hosts.map((name) => ({ name, folder }))),
  };
}
