import { useQuery } from '@tanstack/react-query';
import { useClient } from '../session/use-session.ts';

/** How many rows a list has, renewed by live events. @param isEnabled Default true; nothing is asked for otherwise */
export function useCount(path: string, filter?: string, isEnabled = true) {
  const client = useClient();
  return useQuery({
    queryKey: ['list', path, 'count', filter],
    enabled: isEnabled,
    queryFn: async ({ signal }) =>
      (await client.call('GET', path, { query: { limit: 1, filter }, signal })).total,
  });
}
