/**
 * Client hints (RFC 8942, User-Agent Client Hints): browsers that know them hide them from service workers,
 * so they are told from what such a worker can see. Those of low entropy go along always, others once the
 * application asked for them with the answer to a navigation.
 */
import type { Field } from '@postern/shared/protocol/http';
import { z } from 'zod';
import type { Store } from '../storage/store.ts';
import { fieldValue } from './response-fields.ts';

/** What navigators have where client hints exist; others have none of it. */
export interface HintingNavigator {
  readonly userAgentData?: UserAgentData;
  readonly deviceMemory?: number;
  readonly connection?: {
    readonly downlink?: number;
    readonly effectiveType?: string;
    readonly rtt?: number;
    readonly saveData?: boolean;
  };
}

interface Brand {
  readonly brand: string;
  readonly version: string;
}

interface UserAgentData {
  readonly brands: readonly Brand[];
  readonly mobile: boolean;
  readonly platform: string;
  getHighEntropyValues(names: string[]): Promise<Record<string, unknown>>;
}

/** Field → what `getHighEntropyValues` calls it. */
const HIGH_ENTROPY = new Map([
  ['sec-ch-ua-arch', 'architecture'],
  ['sec-ch-ua-bitness', 'bitness'],
  ['sec-ch-ua-form-factors', 'formFactors'],
  ['sec-ch-ua-full-version', 'uaFullVersion'],
  ['sec-ch-ua-full-version-list', 'fullVersionList'],
  ['sec-ch-ua-model', 'model'],
  ['sec-ch-ua-platform-version', 'platformVersion'],
  ['sec-ch-ua-wow64', 'wow64'],
]);

const DEVICE: Readonly<Record<string, (of: HintingNavigator) => string | undefined>> = {
  'device-memory': ({ deviceMemory }) => deviceMemory?.toString(),
  'sec-ch-device-memory': ({ deviceMemory }) => deviceMemory?.toString(),
  downlink: ({ connection }) => connection?.downlink?.toString(),
  ect: ({ connection }) => connection?.effectiveType,
  rtt: ({ connection }) => connection?.rtt?.toString(),
};

const acceptedSchema = z.array(z.string().max(64)).max(32);

export interface ClientHintsOptions {
  store: Store;
  navigator: HintingNavigator;
}

export class ClientHints {
  readonly #options: ClientHintsOptions;
  #accepted: Promise<ReadonlySet<string>> | undefined;

  constructor(options: ClientHintsOptions) {
    this.#options = options;
  }

  /** Fields of a request, none where the browser has no client hints. */
  async fields(): Promise<Field[]> {
    const { navigator } = this.#options;
    const data = navigator.userAgentData;
    if (data === undefined) return [];
    const fields: Field[] = [
      ['sec-ch-ua', brandList(data.brands)],
      ['sec-ch-ua-mobile', item(data.mobile)],
      ['sec-ch-ua-platform', item(data.platform)],
    ];
    if (navigator.connection?.saveData === true) fields.push(['save-data', 'on']);
    const accepted = await this.#names();
    if (accepted.size === 0) return fields;
    const names = [...accepted].flatMap((name) => HIGH_ENTROPY.get(name) ?? []);
    const values = names.length === 0 ? {} : await data.getHighEntropyValues(names);
    for (const name of accepted) {
      const known = HIGH_ENTROPY.get(name);
      const value = known === undefined ? DEVICE[name]?.(navigator) : structured(values[known]);
      if (value !== undefined) fields.push([name, value]);
    }
    return fields;
  }

  /**
   * Takes over what the answer to a navigation asks for; an answer that asks for nothing takes it back. Where
   * it calls something critical (`Critical-CH`), the browser itself repeats the navigation.
   */
  async learn(answer: readonly Field[]): Promise<void> {
    if (this.#options.navigator.userAgentData === undefined) return;
    const before = await this.#names();
    const names = namesIn(answer, 'accept-ch').filter(
      (name) => HIGH_ENTROPY.has(name) || Object.hasOwn(DEVICE, name),
    );
    if (names.length === before.size && names.every((name) => before.has(name))) return;
    this.#accepted = Promise.resolve(new Set(names));
    await this.#options.store.put('clientHints', names);
  }

  async clear(): Promise<void> {
    this.#accepted = undefined;
    await this.#options.store.delete('clientHints');
  }

  #names(): Promise<ReadonlySet<string>> {
    this.#accepted ??= this.#options.store
      .get('clientHints')
      .then((value) => new Set(acceptedSchema.safeParse(value).data ?? []));
    return this.#accepted;
  }
}

function namesIn(fields: readonly Field[], name: string): string[] {
  const list = (fieldValue(fields, name) ?? '').split(',').map((text) => text.trim().toLowerCase());
  return [...new Set(list.filter((text) => text !== ''))].slice(0, 32);
}

/** Structured Fields (RFC 8941): what `getHighEntropyValues` gives, as its field says it. */
function structured(value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return item(value);
  if (!Array.isArray(value)) return undefined;
  const list = value as unknown[];
  return list.every((one) => typeof one === 'string')
    ? list.map(item).join(', ')
    : brandList(list as Brand[]);
}

function brandList(brands: readonly Brand[]): string {
  return brands.map(({ brand, version }) => `${item(brand)};v=${item(version)}`).join(', ');
}

function item(value: string | boolean): string {
  return typeof value === 'string'
    ? `"${value.replace(/["\\]/g, '\\$&').replace(/[^ -~]/g, '')}"`
    : `?${value ? '1' : '0'}`;
}
