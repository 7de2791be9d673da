/** How the command line describes a kind of entity: one table each, from which all commands are made. */
import type { Collection } from '../client/resolve.ts';
import type { Row } from '../client/edge-client.ts';

/** A member that can be set: an option, or with `argument` a word in its place on `create`. */
export interface Field {
  /** Dotted path in the request body. */
  member: string;
  /** Commander's notation: `-a, --role-attributes <list>`. */
  flags?: string;
  /** `<type>` or `[type]`: given by place on `create`. */
  argument?: string;
  help: string;
  /**
   * - `list`: comma-separated, or given several times; `''` empties it
   * - `map`: `key=value`, in the same way
   * - `roles`: a list of `#attribute`, `@name`
   * - `json`: JSON, `@file` or `-` for standard input
   * - `file`: text of a file, `-` for standard input
   * - `onOff`: `on` or `off`
   * - `boolean`: an option without a value, with its opposite (`--disabled`, `--no-disabled`)
   */
  type: 'text' | 'number' | 'boolean' | 'onOff' | 'list' | 'map' | 'json' | 'file' | 'roles';
  choices?: readonly string[];
  /** Path of the kind whose names are taken here (keys, for a map). */
  of?: string;
  /** Values of a map are numbers. */
  numbers?: boolean;
  /** What `create` sends when nothing is given. */
  initial?: unknown;
  /** Only for one of the two. */
  on?: 'create' | 'update';
}

/** One way to create (and update) an entity; kinds such as posture checks have several. */
export interface Form {
  /** The word after the kind: `create posture-check mac`. */
  word?: string;
  help?: string;
  /** Sent always. */
  constants?: Record<string, unknown>;
  fields: readonly Field[];
  /** Whether the name comes as first argument; default as the kind says. */
  named?: boolean;
}

export interface Column {
  title: string;
  /** Dotted path, or how to find it. */
  value: string | ((row: Row) => unknown);
}

export type Verb = 'list' | 'show' | 'create' | 'update' | 'delete';

export interface EntityKind extends Collection {
  /** Other words for one or several of it. */
  aliases?: readonly string[];
  help: string;
  verbs: readonly Verb[];
  columns: readonly Column[];
  forms?: readonly Form[];
  /** What `show` prints instead of the whole. */
  essence?: string;
  /** Lists below one entity: last part of the path → path of the kind it lists. */
  subLists?: Record<string, string>;
  /** Members that hold an enrollment token after creation, for `-o`. */
  enrollmentToken?: readonly string[];
}

export const everyVerb: readonly Verb[] = ['list', 'show', 'create', 'update', 'delete'];

export const idColumn: Column = { title: 'id', value: 'id' };
export const nameColumn: Column = { title: 'name', value: 'name' };

/** The member at a dotted path, `undefined` where there is none. */
export function memberAt(row: unknown, path: string): unknown {
  let at: unknown = row;
  for (const key of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Row)[key];
  }
  return at;
}

/** Sets the member at a dotted path. */
export function setMember(body: Row, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = body;
  for (const key of keys) at = (at[key] ??= {}) as Row;
  at[last] = value;
}
