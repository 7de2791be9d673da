/** Enrollment tokens that an entity's detail shows while they are unused. */
import type { Row } from './cell.tsx';

/** How a router enrols. */
export const ROUTER_METHOD = 'erott';

export function tokensOf(row: Row): { readonly method: string; readonly jwt: string }[] {
  const own = row['enrollmentJwt'];
  const enrollment = row['enrollment'];
  const methods =
    typeof enrollment === 'object' && enrollment !== null ? Object.entries(enrollment) : [];
  return [
    ...(typeof own === 'string' ? [{ method: ROUTER_METHOD, jwt: own }] : []),
    ...methods.flatMap(([method, detail]) => {
      const jwt = (detail as { jwt?: unknown } | null)?.jwt;
      return typeof jwt === 'string' ? [{ method, jwt }] : [];
    }),
  ];
}
