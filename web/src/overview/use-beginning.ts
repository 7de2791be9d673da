import { useQuery } from '@tanstack/react-query';
import type { Operation } from '../api/operations.ts';
import { useClient, useMay } from '../session/use-session.ts';
import type { Row } from '../entities/cell.tsx';
import type { Beginning } from './next-step.ts';
import { useCount } from './use-count.ts';

const READING = [
  'get /edge-routers',
  'get /services',
  'get /external-jwt-signers',
  'get /authenticators',
] as const satisfies readonly Operation[];

export interface Found extends Beginning {
  /** The router that is waited for. */
  readonly expected: Row | undefined;
}

/** How far the network is; `undefined` until it is known, and for those who may not read all of it. */
export function useBeginning(): Found | undefined {
  const isAllowed = READING.every(useMay());
  const client = useClient();
  const routers = useQuery({
    queryKey: ['list', '/edge-routers', 'beginning'],
    enabled: isAllowed,
    queryFn: ({ signal }) =>
      client.call<Row[]>('GET', '/edge-routers', { query: { limit: 100 }, signal }),
  });
  const services = useCount('/services', undefined, isAllowed);
  const signers = useCount('/external-jwt-signers', undefined, isAllowed);
  // The first administrator has one.
  const passwords = useCount('/authenticators', 'method = "updb"', isAllowed);
  if (
    routers.data === undefined ||
    services.data === undefined ||
    signers.data === undefined ||
    passwords.data === undefined
  )
    return undefined;
  const rows = routers.data.data;
  const isHere = rows.some((row) => row['isVerified'] === true);
  const expected = isHere ? undefined : rows[0];
  return {
    router: isHere ? 'here' : expected ? 'expected' : 'absent',
    hasSignIn: signers.data > 0 || passwords.data > 1,
    hasService: services.data > 0,
    expected,
  };
}
