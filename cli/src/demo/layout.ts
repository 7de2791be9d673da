/** Where everything of one demo lives: addresses, folders and each part's configuration. */
import { join } from 'node:path';
import type { ConfigObject } from '../config/merge.ts';
import type { DemoApp } from './options.ts';
import type { DemoState } from './state.ts';

const loopback = '127.0.0.1';

/** What tests may change about a demo. */
export interface LayoutOverrides {
  /** WebSocket URLs that browsers are given for each router, by router name. */
  edgeUrls?: Record<string, string[]>;
}

export type DemoLayout = ReturnType<typeof createLayout>;

/**
 * @param dataDir Absolute path of the demo's folder.
 * @param apps The apps to protect besides the sample.
 */
export function createLayout(
  dataDir: string,
  state: DemoState,
  apps: readonly DemoApp[],
  overrides: LayoutOverrides = {},
) {
  const { ports } = state;
  const inData = (...names: string[]) => join(dataDir, ...names);
  const appOrigin = (name: string) => `http://${name}.localhost:${ports.gateway}`;
  const adminUrl = `https://${loopback}:${ports.controllerAdmin}`;
  const publicUrl = `http://controller.localhost:${ports.controllerPublic}`;
  const issuer = `http://idp.localhost:${ports.idp}`;
  const loginOrigin = appOrigin('login');
  const sampleSocket = inData('sample.sock');
  const controlAddress = `tls:${loopback}:${ports.controllerControl}`;
  const routers = [
    {
      name: 'router-1',
      edge: ports.router1Edge,
      fabric: ports.router1Fabric,
      metrics: ports.router1Metrics,
    },
    {
      name: 'router-2',
      edge: ports.router2Edge,
      fabric: ports.router2Fabric,
      metrics: ports.router2Metrics,
    },
  ];
  const hosted = [{ name: 'sample', target: `unix:${sampleSocket}` }, ...apps];
  const enrollmentFile = (name: string) => inData(`${name}.jwt`);

  const controller: ConfigObject = {
    dataDir: inData('controller'),
    admin: { host: loopback, port: ports.controllerAdmin, url: adminUrl },
    public: { host: loopback, port: ports.controllerPublic, tls: 'none', url: publicUrl },
    control: { host: loopback, port: ports.controllerControl, advertise: [controlAddress] },
    loginOrigin,
    bootstrap: { admin: { username: 'admin', passwordFile: inData('admin-password') } },
    // The demo's own profile lasts as long as a demo does.
    auth: { allowPrivateJwks: true, apiSessionMinutes: 720 },
  };
  const routerConfig = (router: (typeof routers)[number]): ConfigObject => ({
    stateDir: inData(router.name),
    enrollmentJwtFile: enrollmentFile(router.name),
    controllers: [controlAddress],
    edge: {
      host: loopback,
      port: router.edge,
      tls: 'none',
      publicUrls: overrides.edgeUrls?.[router.name] ?? [`ws://${loopback}:${router.edge}/edge`],
    },
    fabric: { host: loopback, port: router.fabric },
    metrics: { host: loopback, port: router.metrics },
  });
  const connector: ConfigObject = {
    stateDir: inData('connector'),
    enrollmentJwtFile: enrollmentFile('connector'),
    controlAddresses: [controlAddress],
    services: hosted.map(({ name, target }) => ({
      service: name,
      target,
      ...(name === 'sample'
        ? { headers: { set: { 'x-connector-secret': state.sampleSecret } } }
        : {}),
    })),
  };
  const gateway: ConfigObject = {
    listen: { host: loopback, port: ports.gateway },
    tls: 'none',
    controllerUrl: `http://${loopback}:${ports.controllerPublic}`,
    loginOrigin,
    issuer: `${publicUrl}/oidc`,
    apiUrl: `${publicUrl}/postern/v1`,
    idpOrigins: [issuer],
  };
  const idp: ConfigObject = {
    port: ports.idp,
    issuer,
    clientOrigin: loginOrigin,
    users: [{ ...state.user, name: 'Alice Example', email: 'alice@example.com' }],
  };
  return {
    dataDir,
    inData,
    appOrigin,
    adminUrl,
    publicUrl,
    issuer,
    jwksEndpoint: `http://${loopback}:${ports.idp}/jwks`,
    assertionJwksUrl: `http://${loopback}:${ports.controllerPublic}/postern/v1/jwks`,
    loginOrigin,
    gatewayUrl: `http://${loopback}:${ports.gateway}`,
    sampleSocket,
    routers,
    hosted,
    enrollmentFile,
    configs: { controller, gateway, connector, idp, router: routerConfig },
  };
}
