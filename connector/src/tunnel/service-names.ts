/** Which service a host name and port stand for: by `intercept.v1`, by `<service>.ziti`, or by the service's name. */
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import type { Postern, ServiceInfo } from '../sdk/index.ts';

/** Services are asked for again when a name is looked up and they are older than this. */
const MAX_AGE_MS = 30_000;
/** A name that is not known makes them be asked for again, at most this often. */
const MIN_AGE_MS = 2_000;

const portRange = z
  .object({ low: z.int().min(1).max(65_535), high: z.int().min(1).max(65_535) })
  .refine(({ low, high }) => low <= high);
const interceptSchema = z.object({
  protocols: z.array(z.string()).max(8),
  addresses: z.array(z.string().min(1).max(253)).max(256),
  portRanges: z.array(portRange).max(64),
});

export interface PortRange {
  readonly low: number;
  readonly high: number;
}

/** A service, and the TCP ports that it is meant by. */
export interface NamedService {
  readonly service: string;
  readonly ports: readonly PortRange[];
}

interface Intercept extends NamedService {
  /** Lower case; `*.` begins those that stand for all below. */
  readonly names: readonly string[];
  readonly networks: BlockList;
}

export interface ServiceNamesOptions {
  postern: Pick<Postern, 'services'>;
  /** Domains under which each service has its own name. Default `ziti`. */
  suffixes?: readonly string[];
  nowMs?: () => number;
}

export class ServiceNames {
  readonly #options: ServiceNamesOptions;
  readonly #suffixes: readonly string[];
  readonly #nowMs: () => number;
  #dialable = new Map<string, Intercept>();
  #loadedMs = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | undefined;

  constructor(options: ServiceNamesOptions) {
    this.#options = options;
    this.#suffixes = (options.suffixes ?? ['ziti']).map((suffix) => `.${suffix.toLowerCase()}`);
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** The service that a connection to this host and port is for. Rejects as `Postern.services`. */
  async find(host: string, port: number): Promise<string | undefined> {
    return this.#look(() => {
      const known = this.#matching(host).find(({ ports }) => isWithin(ports, port));
      return known?.service ?? this.#byOwnName(host)?.service;
    });
  }

  /** All that a name stands for, with their ports; none where it is not ours. Rejects as `Postern.services`. */
  async allOf(host: string): Promise<NamedService[]> {
    const found = await this.#look(() => {
      const matching = this.#matching(host);
      const own = host.includes('.') ? this.#byOwnName(host) : undefined;
      if (own !== undefined && own.ports.length > 0 && !matching.includes(own)) matching.push(own);
      return matching.length > 0 ? matching : undefined;
    });
    return found ?? [];
  }

  /** True for names that are nobody else's to answer for. */
  isOwnDomain(host: string): boolean {
    return this.#suffixes.some((suffix) => host.toLowerCase().endsWith(suffix));
  }

  async #look<T>(find: () => T | undefined): Promise<T | undefined> {
    if (this.#nowMs() - this.#loadedMs > MAX_AGE_MS) await this.#load();
    const found = find();
    if (found !== undefined || this.#nowMs() - this.#loadedMs < MIN_AGE_MS) return found;
    await this.#load();
    return find();
  }

  #load(): Promise<void> {
    this.#loading ??= this.#options.postern
      .services()
      .then((services) => {
        const dialable = services.filter(({ permissions }) => permissions.includes('Dial'));
        this.#dialable = new Map(
          dialable.map((service) => [service.name.toLowerCase(), interceptOf(service)]),
        );
        this.#loadedMs = this.#nowMs();
      })
      .finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  /** By `intercept.v1`: exact names and addresses first, then the longest wildcard. */
  #matching(host: string): Intercept[] {
    const name = host.toLowerCase();
    const family = isIP(name);
    const scored = [...this.#dialable.values()].map((intercept) => ({
      intercept,
      score:
        family === 0
          ? Math.max(0, ...intercept.names.map((pattern) => scoreOf(pattern, name)))
          : Number(intercept.networks.check(name, family === 4 ? 'ipv4' : 'ipv6')),
    }));
    return scored
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .map(({ intercept }) => intercept);
  }

  #byOwnName(host: string): Intercept | undefined {
    const name = host.toLowerCase();
    const suffix = this.#suffixes.find((one) => name.endsWith(one)) ?? '';
    return this.#dialable.get(name.slice(0, name.length - suffix.length));
  }
}

function isWithin(ports: readonly PortRange[], port: number): boolean {
  return ports.some(({ low, high }) => low <= port && port <= high);
}

/** Longer patterns say more; an exact name says most. 0: no match. */
function scoreOf(pattern: string, name: string): number {
  if (pattern === name) return 1000;
  return pattern.startsWith('*.') && name.endsWith(pattern.slice(1)) ? pattern.length : 0;
}

/** A configuration of another shape intercepts nothing. */
function interceptOf({ name: service, configs }: ServiceInfo): Intercept {
  const networks = new BlockList();
  const parsed = interceptSchema.safeParse(configs['intercept.v1']);
  if (!parsed.success || !parsed.data.protocols.includes('tcp'))
    return { service, ports: [], names: [], networks };
  const { addresses, portRanges: ports } = parsed.data;
  const names: string[] = [];
  for (const address of addresses) {
    const [base = '', prefix] = address.split('/');
    const family = isIP(base);
    if (family === 0) names.push(address.toLowerCase());
    else addNetwork(networks, base, family === 4 ? 'ipv4' : 'ipv6', prefix);
  }
  return { service, ports, names, networks };
}

function addNetwork(
  networks: BlockList,
  base: string,
  family: 'ipv4' | 'ipv6',
  prefix: string | undefined,
): void {
  const most = family === 'ipv4' ? 32 : 128;
  const length = prefix === undefined ? most : Number(prefix);
  if (Number.isInteger(length) && length >= 0 && length <= most)
    networks.addSubnet(base, length, family);
}
