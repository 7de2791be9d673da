/** Which application a host name opens: what the gateway asks. */
import { createHash } from 'node:crypto';
import { originDigest } from '@postern/shared/crypto';
import { serviceResource } from '@postern/shared/grants';
import type { ApplicationInfo } from '@postern/shared/schemas';
import { effectiveBranding } from '../branding/effective-branding.ts';
import type { ControllerContext } from '../context.ts';
import { applications, type Application } from '../model/services.ts';
import { decodeRow } from '../model/table.ts';

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
  const branding = row && (await effectiveBranding(ctx.store.db, row.id));
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
      ...(branding && { branding }),
    }
  );
}

/** The application at exactly this origin. */
export async function lookupOrigin(
  ctx: Pick<ControllerContext, 'store'>,
  origin: string,
): Promise<Application | undefined> {
  const row = await ctx.store.db
    .selectFrom('applications')
    .selectAll()
    .where('origin', '=', origin)
    .executeTakeFirst();
  return row && decodeRow(applications, row);
}

/**
 * Digests of all applications' origins that begin with `prefix`. A service worker finds out so whether an
 * origin is one of them: it says two digits of its digest, which fit one in 256 of all origins there are.
 */
export async function originDigests(
  ctx: Pick<ControllerContext, 'store'>,
  prefix: string,
): Promise<string[]> {
  const rows = await ctx.store.db.selectFrom('applications').select('origin').execute();
  const digests = await Promise.all(rows.map(({ origin }) => originDigest(origin)));
  return digests.filter((digest) => digest.startsWith(prefix)).sort();
}

/** Strong validator of a JSON answer (RFC 9110 §8.8.3). */
export function etagOf(body: string): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
}
