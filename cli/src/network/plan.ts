import { isDeepStrictEqual } from 'node:util';
import { AppError, isAppError } from '@postern/shared/errors';
import type { Row } from '../client/edge-client.ts';
import type { Document } from './document.ts';
import { portableKinds, type PortableKind } from './portable.ts';
import type { ExistingItem, Network } from './read-network.ts';
import { translateReferences } from './references.ts';

/** One step from the network as it is to the network as it is asked for. */
export type Change =
  | { action: 'create'; kind: PortableKind; name: string; values: Row }
  | { action: 'update'; kind: PortableKind; name: string; id: string; before: Row; values: Row }
  | { action: 'delete'; kind: PortableKind; name: string; id: string };

export interface PlanOptions {
  /** Also delete what the document does not have, of the kinds it names. */
  prune: boolean;
}

/**
 * What has to change, in an order that works: deletions that free unique values, then everything
 * created and updated so that what is named is there before it is named, then other deletions.
 * Nothing if the network is as the document says.
 *
 * @throws AppError `ERR_CLI_NETWORK` with every problem: a name that nothing has, a member that cannot
 * change
 */
export function planChanges(
  network: Network,
  document: Document,
  { prune }: PlanOptions,
): Change[] {
  const problems: string[] = [];
  const first: Change[] = [];
  const main: Change[] = [];
  const last: Change[] = [];
  const remaining = new Map<string, Set<string>>();
  for (const { key } of portableKinds) remaining.set(key, new Set(network.ids.get(key)?.keys()));

  for (const kind of portableKinds) {
    const wanted = document.get(kind.key);
    if (wanted === undefined) continue;
    const existing = new Map((network.items.get(kind.key) ?? []).map((item) => [item.name, item]));
    const builtIn = [...(network.ids.get(kind.key)?.keys() ?? [])].filter(
      (name) => !existing.has(name),
    );
    for (const { name, values } of wanted) {
      existing.delete(name);
      remaining.get(kind.key)?.add(name);
      const before = network.items.get(kind.key)?.find((item) => item.name === name);
      if (builtIn.includes(name))
        problems.push(`${kind.key} "${name}" is built in and cannot be changed`);
      else if (before === undefined) main.push({ action: 'create', kind, name, values });
      else {
        const changed = changedMembers(kind, before, values);
        const fixed = Object.keys(changed).filter((member) => kind.fixed?.includes(member));
        for (const member of fixed) {
          problems.push(
            `${kind.key} "${name}": ${member} cannot change; delete it first, or give the new one another name`,
          );
        }
        if (Object.keys(changed).length > 0) {
          main.push({
            action: 'update',
            kind,
            name,
            id: before.id,
            before: before.values,
            values: changed,
          });
        }
      }
    }
    if (!prune) continue;
    for (const { name, id, isKept } of existing.values()) {
      if (isKept) continue;
      remaining.get(kind.key)?.delete(name);
      (kind.deletedFirst ? first : last).push({ action: 'delete', kind, name, id });
    }
  }

  problems.push(...danglingNames(main, remaining));
  if (problems.length > 0) {
    throw new AppError(
      'ERR_CLI_NETWORK',
      `The file cannot be applied to this network:\n${problems.map((line) => `  ${line}`).join('\n')}`,
    );
  }
  return [...first.reverse(), ...main, ...last.reverse()];
}

/** Members that the document gives and that differ; what it leaves out stays as it is. */
function changedMembers({ nested = [] }: PortableKind, before: ExistingItem, values: Row): Row {
  return Object.fromEntries(
    Object.entries(values).filter(([member, value]) => {
      const present = before.values[member];
      return !isDeepStrictEqual(nested.includes(member) ? merge(present, value) : value, present);
    }),
  );
}

/** `over` laid over `under`, objects member by member. */
export function merge(under: unknown, over: unknown): unknown {
  if (!isObject(under) || !isObject(over)) return over;
  const both = Object.entries(over).map(([name, value]) => [name, merge(under[name], value)]);
  return { ...under, ...(Object.fromEntries(both) as Row) };
}

function isObject(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function danglingNames(changes: readonly Change[], names: Map<string, Set<string>>): string[] {
  return changes.flatMap((change) => {
    if (change.action === 'delete') return [];
    try {
      translateReferences(change.kind, change.name, change.values, (to, name) =>
        names.get(to)?.has(name) ? name : undefined,
      );
      return [];
    } catch (error) {
      if (isAppError(error)) return [error.message];
      throw error;
    }
  });
}
