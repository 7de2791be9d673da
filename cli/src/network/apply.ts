import { isDeepStrictEqual } from 'node:util';
import { isAppError } from '@postern/shared/errors';
import { z } from 'zod';
import type { EdgeClient, Row } from '../client/edge-client.ts';
import { memberAt, setMember } from '../entities/index.ts';
import { merge, type Change } from './plan.ts';
import { SERVICE_CONFIGS, type PortableKind } from './portable.ts';
import type { Network } from './read-network.ts';
import { translateReferences } from './references.ts';

/** How far applying came. */
export interface ApplyResult {
  done: number;
  /** What the controller refused; nothing after it was tried. */
  failed?: { change: Change; reason: string };
}

/**
 * Applies changes one by one and stops at the first that the controller refuses. Running an import
 * again goes on from there.
 *
 * @param onDone told of each change that took effect
 * @throws AppError `ERR_CLI_UNREACHABLE`, `ERR_CLI_SIGNED_OUT`
 */
export async function applyChanges(
  client: Pick<EdgeClient, 'call'>,
  network: Network,
  changes: readonly Change[],
  onDone: (change: Change) => void,
): Promise<ApplyResult> {
  const ids = network.ids;
  const idOf = (to: string, name: string) => ids.get(to)?.get(name);
  const late: { kind: PortableKind; name: string; values: Row }[] = [];
  let done = 0;
  for (const change of [...changes]) {
    try {
      if (change.action !== 'delete') {
        const { now, later } = withoutLate(change.kind, change.values, idOf);
        if (later) late.push({ kind: change.kind, name: change.name, values: later });
        await write(client, change, translateReferences(change.kind, change.name, now, idOf), ids);
      } else await client.call('DELETE', `${change.kind.path}/${change.id}`);
      if (isLastWrite(changes, change)) await writeLate(client, late, idOf);
    } catch (error) {
      if (!isAppError(error) || error.code === 'ERR_CLI_UNREACHABLE') throw error;
      return { done, failed: { change, reason: error.message } };
    }
    done += 1;
    onDone(change);
  }
  return { done };
}

async function write(
  client: Pick<EdgeClient, 'call'>,
  change: Exclude<Change, { action: 'delete' }>,
  values: Row,
  ids: Network['ids'],
): Promise<void> {
  const { kind, name } = change;
  const { [SERVICE_CONFIGS]: serviceConfigs, ...members } = values;
  if (change.action === 'create') await create(client, kind, name, members, ids);
  else if (Object.keys(members).length > 0) await update(client, change, members, ids);
  if (serviceConfigs === undefined) return;
  const before =
    change.action === 'create' ? {} : { [SERVICE_CONFIGS]: change.before[SERVICE_CONFIGS] ?? [] };
  const translated = translateReferences(kind, name, before, (to, of) => ids.get(to)?.get(of));
  await writeServiceConfigs(
    client,
    `identities/${ids.get(kind.key)?.get(name) ?? ''}/service-configs`,
    (translated[SERVICE_CONFIGS] ?? []) as Row[],
    serviceConfigs as Row[],
  );
}

/** Takes away what an identity should no longer have, then gives what it lacks. */
async function writeServiceConfigs(
  client: Pick<EdgeClient, 'call'>,
  path: string,
  before: readonly Row[],
  after: readonly Row[],
): Promise<void> {
  const lacking = (from: readonly Row[], of: readonly Row[]) =>
    of
      .filter((one) => !from.some((other) => isDeepStrictEqual(one, other)))
      .map(({ service, config }) => ({ serviceId: service, configId: config }));
  const surplus = lacking(after, before);
  const missing = lacking(before, after);
  if (surplus.length > 0) await client.call('DELETE', path, { body: surplus });
  if (missing.length > 0) await client.call('POST', path, { body: missing });
}

async function create(
  client: Pick<EdgeClient, 'call'>,
  kind: PortableKind,
  name: string,
  values: Row,
  ids: Network['ids'],
): Promise<void> {
  const body = {
    name,
    ...(kind.key === 'identities' && { type: 'Default' }),
    ...withoutNulls(values),
  };
  const { data } = await client.call('POST', kind.path, { body });
  const { id } = z.object({ id: z.string() }).parse(data);
  const known = ids.get(kind.key) ?? new Map<string, string>();
  ids.set(kind.key, known.set(name, id));
}

async function update(
  client: Pick<EdgeClient, 'call'>,
  change: Extract<Change, { action: 'update' }>,
  values: Row,
  ids: Network['ids'],
): Promise<void> {
  const { kind, name } = change;
  const path = `${kind.path}/${change.id}`;
  if (kind.key === 'identities' || !hasNull(values)) {
    // `PATCH` takes null for "unchanged"; the empty text clears an identity's only member that can be.
    const body = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, value ?? '']),
    );
    await client.call('PATCH', path, {
      body: kind.key === 'postureChecks' ? { typeId: change.before['typeId'], ...body } : body,
    });
    return;
  }
  const whole = translateReferences(kind, name, change.before, (to, of) => ids.get(to)?.get(of));
  const nested = Object.fromEntries(
    (kind.nested ?? []).map((member) => [member, merge(whole[member], values[member] ?? {})]),
  );
  await client.call('PUT', path, { body: { name, ...whole, ...values, ...nested } });
}

/** Splits off references that may name what does not exist yet. */
function withoutLate(
  kind: PortableKind,
  values: Row,
  idOf: (to: string, name: string) => string | undefined,
): { now: Row; later?: Row } {
  const now = structuredClone(values);
  let later: Row | undefined;
  for (const { member, to, late } of kind.references ?? []) {
    const value = memberAt(values, member);
    if (!late || typeof value !== 'string' || value === '' || idOf(to, value) !== undefined)
      continue;
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a copy of our own
    delete now[member];
    setMember((later ??= {}), member, value);
  }
  return later ? { now, later } : { now };
}

async function writeLate(
  client: Pick<EdgeClient, 'call'>,
  late: { kind: PortableKind; name: string; values: Row }[],
  idOf: (to: string, name: string) => string | undefined,
): Promise<void> {
  for (const { kind, name, values } of late.splice(0)) {
    const body = translateReferences(kind, name, values, idOf);
    await client.call('PATCH', `${kind.path}/${idOf(kind.key, name) ?? ''}`, { body });
  }
}

function isLastWrite(changes: readonly Change[], change: Change): boolean {
  return changes.findLast(({ action }) => action !== 'delete') === change;
}

function hasNull(value: unknown): boolean {
  if (value === null) return true;
  return typeof value === 'object' && Object.values(value as Row).some(hasNull);
}

/** Members left out are what null stands for when an entity is new. */
function withoutNulls(values: Row): Row {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
