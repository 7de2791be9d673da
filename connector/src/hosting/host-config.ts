/**
 * The configs `host.v1` and `host.v2` of a service, made into what a connector hosts. They come from the
 * controller: every address in them has to be in the connector's own list, or nothing of the service is hosted.
 */
import { AppError } from '@postern/shared/errors';
import type { HostState } from '@postern/shared/schemas';
import { z } from 'zod';
import { hostedServiceSchema, type HostedServiceConfig } from '../config.ts';
import { parseDuration } from '../health/duration.ts';
import { isAllowed, type AllowedTarget } from './allowed-targets.ts';
import type { Forwarding } from './destination.ts';

type GrantedService = HostState['services'][number];

/** A configured service, or one that the controller says how to host. */
export type HostedConfig = HostedServiceConfig & {
  /** Dialers choose where to go, within this. */
  readonly forwarding?: Forwarding;
};

const words = z.array(z.string().max(255)).max(1000);
const port = z.int().min(0).max(65_535);
const actions = z.array(z.unknown()).default([]);

const hostSchema = z.object({
  protocol: z.string().optional(),
  forwardProtocol: z.boolean().default(false),
  allowedProtocols: words.default([]),
  address: z.string().max(255).optional(),
  forwardAddress: z.boolean().default(false),
  allowedAddresses: words.default([]),
  port: port.optional(),
  forwardPort: z.boolean().default(false),
  allowedPortRanges: z
    .array(z.object({ low: port, high: port }))
    .max(1000)
    .default([]),
  forwardAddressTranslations: z.array(z.unknown()).default([]),
  listenOptions: z
    .object({
      connectTimeout: z.string().optional(),
      connectTimeoutSeconds: z.number().optional(),
      identity: z.string().optional(),
      bindUsingEdgeIdentity: z.boolean().default(false),
      cost: z.number().default(0),
      precedence: z.string().default('default'),
    })
    .prefault({}),
  proxy: z.unknown().optional(),
  portChecks: z.array(z.looseObject({ address: z.string(), actions })).default([]),
  httpChecks: z.array(z.looseObject({ url: z.url(), actions })).default([]),
});
type Host = z.infer<typeof hostSchema>;
const hostsSchema = z.object({ terminators: z.array(hostSchema).min(1).max(100) });

/**
 * @param ownName of this connector's identity
 * @returns `undefined` where the controller says nothing of how to host the service
 * @throws AppError `ERR_HOST_CONFIG` saying what cannot be done as it is written
 */
export function hostedByConfig(
  { name, hostConfig, applicationOrigin, acceptedEncryption }: GrantedService,
  reach: readonly AllowedTarget[],
  ownName: string,
): HostedConfig | undefined {
  if (hostConfig === undefined) return undefined;
  const host = parseHost(hostConfig);
  const forwarding = forwardingOf(host, reach);
  const isHttp = applicationOrigin !== undefined && !acceptedEncryption?.includes('ziti');
  const { address, port: number } = forwarding;
  const fixed =
    typeof address === 'string' && typeof number === 'number'
      ? addressOf(address, number)
      : undefined;
  if (isHttp && fixed === undefined) throw unfit('an application needs a fixed address and port');
  // Never connected to: with `forwarding`, dials say where they go.
  const target = fixed ?? 'chosen-by-dialers:1';
  const parsed = hostedServiceSchema.safeParse({
    service: name,
    target: `${isHttp ? 'http' : 'tcp'}://${target}`,
    listen: listenOf(host.listenOptions, ownName),
    timeouts: timeoutsOf(host.listenOptions),
    ...checksOf(host, reach),
  });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw unfit(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
  }
  return fixed === undefined ? { ...parsed.data, forwarding } : parsed.data;
}

function parseHost({ type, data }: NonNullable<GrantedService['hostConfig']>): Host {
  const parsed =
    type === 'host.v1'
      ? hostSchema.safeParse(data)
      : hostsSchema.transform(({ terminators: [first] }) => first as Host).safeParse(data);
  if (!parsed.success) throw unfit(`is not of the form ${type}`);
  return parsed.data;
}

function forwardingOf(host: Host, reach: readonly AllowedTarget[]): Forwarding {
  const protocols = host.forwardProtocol ? host.allowedProtocols : [host.protocol ?? 'tcp'];
  if (!protocols.includes('tcp')) throw unfit('only TCP is carried');
  if (host.proxy !== undefined) throw unfit('"proxy" is not supported');
  if (host.forwardAddressTranslations.length > 0) {
    throw unfit('"forwardAddressTranslations" is not supported');
  }
  const address = host.forwardAddress ? { among: host.allowedAddresses } : host.address;
  const chosenPort = host.forwardPort ? { among: host.allowedPortRanges } : host.port;
  if (address === undefined || chosenPort === undefined) {
    throw unfit('has neither an address and port nor says that they are forwarded');
  }
  if (typeof address === 'string' && typeof chosenPort === 'number') {
    requireReach(reach, address, chosenPort);
  }
  return { address, port: chosenPort, reach };
}

function addressOf(host: string, number: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${number}`;
}

function listenOf(options: Host['listenOptions'], ownName: string) {
  const instanceId = options.bindUsingEdgeIdentity ? ownName : options.identity;
  if (instanceId?.includes('$')) throw unfit('templates in "identity" are not supported');
  const { cost, precedence } = options;
  return { cost, precedence, ...(instanceId !== undefined && { instanceId }) };
}

function timeoutsOf({ connectTimeout, connectTimeoutSeconds }: Host['listenOptions']) {
  const connectMs =
    connectTimeout === undefined
      ? connectTimeoutSeconds && connectTimeoutSeconds * 1000
      : parseDuration(connectTimeout);
  return connectMs ? { connectMs: Math.ceil(connectMs) } : {};
}

/** Checks connect too: to nowhere that dials may not. Those without actions would change nothing. */
function checksOf({ portChecks, httpChecks }: Host, reach: readonly AllowedTarget[]) {
  for (const { address } of portChecks) {
    const url = URL.canParse(`tcp://${address}`) ? new URL(`tcp://${address}`) : undefined;
    requireReach(reach, bare(url?.hostname ?? ''), Number(url?.port));
  }
  for (const { url } of httpChecks) {
    const { hostname, port: given, protocol } = new URL(url);
    requireReach(reach, bare(hostname), Number(given) || (protocol === 'https:' ? 443 : 80));
  }
  const acting = <C extends { actions: unknown[] }>(checks: C[]): C[] =>
    checks.filter((check) => check.actions.length > 0);
  return { portChecks: acting(portChecks), httpChecks: acting(httpChecks) };
}

const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');

function requireReach(reach: readonly AllowedTarget[], host: string, number: number): void {
  if (isAllowed(reach, { host, port: number })) return;
  throw unfit(`${host}:${number} is not among hostConfigs.allow of this connector`);
}

function unfit(why: string): AppError {
  return new AppError('ERR_HOST_CONFIG', why);
}
