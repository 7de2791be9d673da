/** From what people type to ids, as `ziti edge` does it: an id, else exactly one name. */
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';
import type { EdgeClient } from './edge-client.ts';

const found = z.array(z.object({ id: z.string(), name: z.string().optional() }));

/** What is looked in. */
export interface Collection {
  /** Path below the base. */
  path: string;
  /** What it is called on the command line. */
  plural: string;
  /** One of it, in words. */
  singular: string;
  /** False: only ids. */
  named: boolean;
}

/** A literal of the filter language. */
export function quote(text: string): string {
  const escapes: Record<string, string> = {
    '"': '\\"',
    '\\': '\\\\',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\f': '\\f',
  };
  return `"${text.replace(/["\\\n\r\t\f]/g, (mark) => escapes[mark] ?? mark)}"`;
}

/**
 * The id of the entity with that id or, failing that, that name. `id:x` is taken as it is, `name:x`
 * looks at names alone.
 * @throws AppError `ERR_CLI_NOT_FOUND`, `ERR_CLI_AMBIGUOUS`
 */
export async function resolveId(
  client: Pick<EdgeClient, 'list'>,
  { path, plural, singular, named }: Collection,
  text: string,
): Promise<string> {
  if (text.startsWith('id:')) return text.slice(3);
  const onlyName = named && text.startsWith('name:');
  const wanted = onlyName ? text.slice(5) : text;
  const literal = quote(wanted);
  const terms = [...(onlyName ? [] : [`id = ${literal}`]), ...(named ? [`name = ${literal}`] : [])];
  const answer = await client.list(path, { filter: terms.join(' or '), limit: 10 });
  const rows = found.parse(answer.rows);
  const byId = onlyName ? undefined : rows.find(({ id }) => id === wanted);
  if (byId) return byId.id;
  const [first, second] = rows;
  if (first === undefined) {
    throw new AppError(
      'ERR_CLI_NOT_FOUND',
      `There is no ${singular} with the ${named ? 'id or name' : 'id'} ${literal} ("postern edge list ${plural}" shows them)`,
    );
  }
  if (second !== undefined) {
    throw new AppError(
      'ERR_CLI_AMBIGUOUS',
      `Several ${plural} are called ${literal}: say which by its id (${rows.map(({ id }) => id).join(', ')})`,
    );
  }
  return first.id;
}

/** Roles of a policy: `#attribute` as it is, `@name` or `@id` with the id. */
export async function resolveRoles(
  client: Pick<EdgeClient, 'list'>,
  collection: Collection,
  roles: readonly string[],
): Promise<string[]> {
  return Promise.all(
    roles.map(async (role) => {
      if (role.startsWith('#')) return role;
      if (role.startsWith('@')) return `@${await resolveId(client, collection, role.slice(1))}`;
      throw new AppError(
        'ERR_CLI_USAGE',
        `"${role}" is no role: write #attribute, #all, or @name for one ${collection.singular}`,
      );
    }),
  );
}
