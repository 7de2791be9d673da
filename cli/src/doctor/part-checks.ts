/** What there is to look at, by part and its configuration. */
import type { ConnectorConfig } from '@postern/connector';
import type { ControllerConfig } from '@postern/controller';
import type { GatewayConfig } from '@postern/gateway';
import type { RouterConfig } from '@postern/router';
import { isIP } from 'node:net';
import { checkCertificate } from './check-certificate.ts';
import { checkDisk, checkMode } from './check-files.ts';
import { checkControl, checkName, checkPort, checkReachable } from './check-network.ts';
import { checkController, checkIssuer } from './check-web.ts';
import type { Check } from './finding.ts';
import { readPartIdentity } from './part-identity.ts';

type Tls = GatewayConfig['tls'] | ControllerConfig['public']['tls'];

/** Names of URLs and addresses, once each, without addresses of numbers and names of this machine. */
function names(...hosts: (string | undefined)[]): string[] {
  return [...new Set(hosts)].filter(
    (host): host is string =>
      host !== undefined &&
      isIP(host.replace(/^\[|\]$/g, '')) === 0 &&
      !/(^|\.)localhost$/.test(host),
  );
}
const hostOf = (url: string): string => new URL(url).hostname;
const hostOfAddress = (address: string): string =>
  address.slice('tls:'.length, address.lastIndexOf(':'));

function nameChecks(...hosts: (string | undefined)[]): Check[] {
  return names(...hosts).map((name) => () => checkName(name));
}

function folderChecks(folder: string): Check[] {
  return [() => checkMode(folder, 'folder'), () => checkDisk(folder)];
}

/** Certificate and key in files; those of our own authority renew themselves. */
function tlsChecks(tls: Tls, ...hosts: (string | undefined)[]): Check[] {
  if (typeof tls === 'string') return [];
  return [
    () => checkMode(tls.keyFile, 'secret'),
    () => checkCertificate({ ...tls, names: names(...hosts) }),
  ];
}

/** Ports that are chosen; 0 is any. */
const portChecks = (...listeners: ({ host: string; port: number } | undefined)[]): Check[] =>
  listeners.flatMap((listener) =>
    listener === undefined || listener.port === 0
      ? []
      : [() => checkPort(listener.host, listener.port)],
  );

export function controllerChecks({
  dataDir,
  public: open,
  admin,
  ...config
}: ControllerConfig): Check[] {
  const publicHost = open.url === undefined ? undefined : hostOf(open.url);
  return [
    ...folderChecks(dataDir),
    ...nameChecks(
      publicHost,
      hostOf(config.loginOrigin),
      ...config.control.advertise.map(hostOfAddress),
    ),
    ...portChecks(admin, open, config.control, config.metrics),
    ...tlsChecks(open.tls, publicHost),
  ];
}

export function gatewayChecks({
  listen,
  tls,
  loginOrigin,
  metrics,
  ...config
}: GatewayConfig): Check[] {
  const urls = [...config.controllerUrl, config.issuer, config.apiUrl, loginOrigin];
  return [
    ...nameChecks(...urls.map(hostOf)),
    ...portChecks(listen, metrics),
    ...tlsChecks(tls, hostOf(loginOrigin)),
    ...config.controllerUrl.map((url) => () => checkController(url, config.controllerCaFile)),
  ];
}

/** Of a router or connector: who it is, and the control listeners it knows of. */
async function controlChecks(
  stateDir: string,
  enrollmentJwtFile: string | undefined,
  configured: readonly string[] | undefined,
): Promise<Check[]> {
  const { findings, ca, controllers } = await readPartIdentity(stateDir, enrollmentJwtFile);
  const addresses = configured ?? controllers;
  return [
    () => Promise.resolve(findings),
    ...nameChecks(...addresses.map(hostOfAddress)),
    ...addresses.map((address) => () => checkControl(address, ca)),
  ];
}

export async function routerChecks(config: RouterConfig): Promise<Check[]> {
  const { stateDir, edge, fabric, metrics } = config;
  const browserHosts = (edge?.publicUrls ?? []).map(hostOf);
  return [
    ...folderChecks(stateDir),
    ...nameChecks(...browserHosts),
    ...portChecks(edge, fabric, metrics),
    ...(edge === undefined ? [] : tlsChecks(edge.tls, ...browserHosts)),
    ...(await controlChecks(stateDir, config.enrollmentJwtFile, config.controllers)),
  ];
}

export async function connectorChecks(config: ConnectorConfig): Promise<Check[]> {
  const { stateDir, enrollmentJwtFile, controlAddresses, services, metrics } = config;
  return [
    ...folderChecks(stateDir),
    ...portChecks(metrics),
    ...(await controlChecks(stateDir, enrollmentJwtFile, controlAddresses)),
    ...services.map(({ service, target }) => () => {
      const action = `Start the app of the service ${service}, or correct its target.`;
      return checkReachable('app', target, endpointOf(target), action);
    }),
  ];
}

function endpointOf(target: string): { host: string; port: number } | { path: string } {
  if (target.startsWith('unix:')) return { path: target.slice('unix:'.length) };
  const url = new URL(target);
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port };
}

export const issuerChecks = (issuers: readonly string[]): Check[] =>
  issuers.map((issuer) => () => checkIssuer(issuer));
