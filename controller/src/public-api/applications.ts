/** Which application a host name opens: what the gateway asks. */
import { createHash } from 'node:crypto';
import { serviceResource } from '@postern/shared/grants';
import type { ApplicationInfo } from '@postern/shared/schemas';
import type { ControllerContext } from '../context.ts';

/** The application whose origin has this host (with its port, unless default). */
export async function lookupApplication(
  ctx: ControllerContext,
  issuer: string,
  apiUrl: string,
  host: string,
): Promise<ApplicationInfo | undefined> {
  const row = await ctx.store.db
    .selectFrom('applications')
    .select(['id', 'name', 'origin', 'serviceId'])
    .where('origin', 'in', [`https://${host}`, `http://${host}`])
    .orderBy('origin', 'desc')
    .executeTakeFirst();
  return (
    row && {
      id: row.id,
      name: row.name,
      origin: row.origin,
      clientId: row.id,
      issuer,
      apiUrl,
      loginOrigin: ctx.config.loginOrigin,
      resource: serviceResource(row.serviceId),
    }
  );
}

/** Strong validator of a JSON answer (RFC 9110 §8.8.3). */
export function etagOf(body: string): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
}
