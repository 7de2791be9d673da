/** Keeps this controller's row among the controllers of the database. */
import { X509Certificate, createHash } from 'node:crypto';
import type { ControllerContext } from '../context.ts';
import type { Controller } from '../model/controllers.ts';
import { fingerprintOf } from '../pki/certificates.ts';
import { repositories } from '../store/repositories.ts';

/** A controller that gave no sign for three of these is taken for gone. */
const HEARTBEAT_MS = 20_000;
const MAX_SILENCE_MS = 3 * HEARTBEAT_MS;
/** Rows of controllers that are gone for good are dropped. */
const KEPT_MS = 30 * 86_400_000;

/** Whether a controller gave a sign of life lately. */
export function isControllerOnline({ seenAt }: Controller, nowMs: number): boolean {
  return nowMs - Date.parse(seenAt) < MAX_SILENCE_MS;
}

/** Registers this controller, and keeps saying that it lives until the returned function is called. */
export async function joinControllers(
  ctx: Pick<ControllerContext, 'store' | 'clock' | 'endpoints' | 'pki' | 'logger'>,
): Promise<() => void> {
  const { store, clock, endpoints, pki, logger } = ctx;
  const name = new URL(endpoints.admin).host;
  const id = createHash('sha256').update(name).digest('hex').slice(0, 11);
  const join = (): Promise<void> =>
    store.write(async (tx) => {
      const now = new Date(clock()).toISOString();
      const certificate = new X509Certificate(pki.server().certChainPem);
      const values = {
        name,
        ctrlAddress: endpoints.control[0] ?? '',
        apiAddresses: {
          'edge-client': [{ url: `${endpoints.admin}/edge/client/v1`, version: 'v1' }],
          'edge-management': [{ url: `${endpoints.admin}/edge/management/v1`, version: 'v1' }],
          fabric: [{ url: `${endpoints.admin}/fabric/v1`, version: 'v1' }],
        },
        certPem: certificate.toString(),
        fingerprint: fingerprintOf(new Uint8Array(certificate.raw)),
        lastJoinedAt: now,
        seenAt: now,
        updatedAt: now,
      };
      if (!(await repositories.controllers.update(tx, id, values)))
        await repositories.controllers.insert(tx, { id, createdAt: now, tags: {}, ...values });
      const gone = new Date(clock() - KEPT_MS).toISOString();
      await tx.db.deleteFrom('controllers').where('seenAt', '<', gone).execute();
    });
  const beat = (): Promise<unknown> =>
    store.write((tx) =>
      repositories.controllers.update(tx, id, { seenAt: new Date(clock()).toISOString() }),
    );
  await join();
  const timer = setInterval(() => {
    beat().catch((error: unknown) => logger.error('controllers.heartbeatFailed', { error }));
  }, HEARTBEAT_MS);
  timer.unref();
  return () => clearInterval(timer);
}
