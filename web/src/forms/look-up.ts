/** Entities and role attributes to choose from, asked of the controller as somebody types. */
import { useQuery } from '@tanstack/react-query';
import { useClient } from '../session/use-session.ts';
import type { Suggest } from './field-model.ts';

export interface Option {
  /** What the body holds. */
  readonly id: string;
  readonly text: string;
}

interface Named {
  readonly id: string;
  readonly name?: string;
}

const LIMIT = 20;

/** Text in a filter expression: between quotes, its quotes and backslashes escaped. */
export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** Entities whose name contains the text. */
export function useEntities(path: string | undefined, typed: string): readonly Option[] {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['list', path, 'look-up', typed],
    enabled: path !== undefined,
    queryFn: async ({ signal }) => {
      const filter = typed === '' ? undefined : `name icontains ${quoted(typed)}`;
      const query = { filter, limit: LIMIT, sort: 'name' };
      const { data: rows } = await client.call<Named[]>('GET', path ?? '', { query, signal });
      return rows.map(({ id, name }) => ({ id, text: name ?? id }));
    },
  });
  return data ?? [];
}

/** The name behind an id; until it is known, or if it cannot be, the id. */
export function useEntityName(path: string | undefined, id: string): string {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['detail', path, id, 'name'],
    enabled: path !== undefined && id !== '',
    retry: false,
    queryFn: async ({ signal }) => {
      const { data: row } = await client.call<Named>('GET', `${path ?? ''}/${id}`, { signal });
      return row.name ?? row.id;
    },
  });
  return data ?? id;
}

/** Roles as policies name them, or attributes, or ids: whatever the list holds. */
export function useSuggestions(suggest: Suggest | undefined, typed: string): readonly Option[] {
  const client = useClient();
  const bare = typed.replace(/^[#@]/, '');
  const wantsEntities = suggest?.entities !== undefined && !typed.startsWith('#');
  const entities = useEntities(wantsEntities ? suggest.entities : undefined, bare);
  const { data: attributes = [] } = useQuery({
    queryKey: ['list', suggest?.attributes, 'look-up', bare],
    enabled: suggest?.attributes !== undefined && !typed.startsWith('@'),
    queryFn: async ({ signal }) => {
      const filter = bare === '' ? undefined : `id icontains ${quoted(bare)}`;
      const query = { filter, limit: LIMIT };
      const { data } = await client.call<string[]>('GET', suggest?.attributes ?? '', {
        query,
        signal,
      });
      return data;
    },
  });
  if (!suggest) return [];
  const mark = suggest.isRole ? ['#', '@'] : ['', ''];
  const all = suggest.isRole && 'all'.startsWith(bare) ? [{ id: '#all', text: '#all' }] : [];
  return [
    ...all,
    ...attributes.map((text) => ({
      id: `${mark[0] ?? ''}${text}`,
      text: `${mark[0] ?? ''}${text}`,
    })),
    ...entities.map(({ id, text }) => ({
      id: `${mark[1] ?? ''}${id}`,
      text: `${mark[1] ?? ''}${text}`,
    })),
  ];
}
