import { isAppError } from '@postern/shared/errors';
import type { EdgeClient, Row } from '../client/edge-client.ts';
import { z } from 'zod';
import { canonical } from './canonical.ts';
import { portableKinds, SERVICE_CONFIGS, type PortableKind } from './portable.ts';
import { translateReferences } from './references.ts';

/** One entity as it is written down: references are names. */
export interface Item {
  name: string;
  /** Members besides the name. */
  values: Row;
}

/** An entity that exists. */
export interface ExistingItem extends Item {
  id: string;
  /** Never deleted. */
  isKept: boolean;
}

/** A network as its controller has it. */
export interface Network {
  /** By key of the kind. */
  items: Map<string, ExistingItem[]>;
  /** Ids by key of the kind and name, of built-in entities too. */
  ids: Map<string, Map<string, string>>;
}

const serviceConfigsSchema = z.array(z.object({ serviceId: z.string(), configId: z.string() }));

type NetworkClient = Pick<EdgeClient, 'all' | 'call'>;

/** Identities asked about at the same time. */
const CONCURRENCY = 8;

/** Reads everything that is written down. @throws AppError as `EdgeClient.call` */
export async function readNetwork(client: NetworkClient): Promise<Network> {
  const rows = new Map<string, Row[]>();
  for (const kind of portableKinds) rows.set(kind.key, await readRows(client, kind));
  await addServiceConfigs(client, rows.get('identities') ?? [], rows.get('configs') ?? []);
  const ids = new Map<string, Map<string, string>>();
  const names = new Map<string, Map<string, string>>();
  for (const [key, ofKind] of rows) {
    const pairs = ofKind.map(({ id, name }) => [String(id), String(name)] as const);
    names.set(key, new Map(pairs));
    ids.set(key, new Map(pairs.map(([id, name]) => [name, id])));
  }
  const items = new Map(
    portableKinds.map((kind) => [
      kind.key,
      (rows.get(kind.key) ?? [])
        .filter((row) => !kind.isBuiltIn?.(row))
        .map((row) => ({
          id: String(row['id']),
          name: String(row['name']),
          isKept: kind.isKept?.(row) ?? false,
          values: canonical(
            translateReferences(kind, String(row['name']), portableMembers(kind, row), (to, id) =>
              names.get(to)?.get(id),
            ),
          ),
        }))
        .sort(byName),
    ]),
  );
  return { items, ids };
}

/** A controller without a kind has none of it. */
async function readRows(client: NetworkClient, { path }: PortableKind): Promise<Row[]> {
  const rows: Row[] = [];
  try {
    for await (const row of client.all(path, { sort: 'id' })) rows.push(row);
  } catch (error) {
    if (!isAppError(error, 'ERR_CLI_NOT_FOUND')) throw error;
  }
  return rows;
}

/** Adds to each identity the configs it has of its own, as ids. */
async function addServiceConfigs(
  client: NetworkClient,
  identities: readonly Row[],
  configs: readonly Row[],
): Promise<void> {
  for (const identity of identities) identity[SERVICE_CONFIGS] = [];
  if (configs.length === 0) return;
  const left = identities.values();
  const ask = async () => {
    for (const identity of left) {
      const { data } = await client.call(
        'GET',
        `identities/${String(identity['id'])}/service-configs`,
      );
      identity[SERVICE_CONFIGS] = serviceConfigsSchema
        .parse(data)
        .map(({ serviceId, configId }) => ({ service: serviceId, config: configId }));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, ask));
}

function portableMembers({ members }: PortableKind, row: Row): Row {
  const written =
    'except' in members
      ? Object.keys(row).filter((name) => !members.except.includes(name))
      : members;
  return Object.fromEntries(written.flatMap((name) => (name in row ? [[name, row[name]]] : [])));
}

function byName(a: Item, b: Item): number {
  return a.name < b.name ? -1 : 1;
}
