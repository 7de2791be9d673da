/** Certificates that routers were issued but have not yet come with. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const name of ['unverifiedCertPem', 'unverifiedFingerprint'])
    await db.schema.alterTable('edgeRouters').addColumn(name, 'text').execute();
}
