/** Replacing the controller's keys before their time: as a habit, or because one was stolen. */
import type { KeyUse } from '@postern/shared/grants';
import { isAppError } from '@postern/shared/errors';
import { z } from 'zod';
import type { ControllerContext } from '../../context.ts';
import type { SigningKeys } from '../../keys/signing-keys.ts';
import { certificateFromPem, fingerprintOf } from '../../pki/certificates.ts';
import { done } from '../envelope.ts';
import { EdgeError } from '../errors.ts';
import { doneResponse } from '../responses.ts';
import type { EdgeRoutes } from '../routes.ts';

/** Each rotation leaves a key that is to be verified with for a while. */
const INTERVAL_MS = 60_000;
const AUTHORITY = 'issuing-authority';
const SIGNING_KEYS = ['token', 'grant', 'assertion', 'session'] as const satisfies KeyUse[];

const bodySchema = z
  .strictObject({
    keys: z
      .array(z.enum([...SIGNING_KEYS, AUTHORITY]))
      .min(1)
      .max(5),
    /** True: what the present keys signed is refused from now on. */
    isCompromised: z.boolean().default(false),
  })
  .meta({ id: 'KeyRotation' });

export function addKeyRotation(
  routes: EdgeRoutes,
  { store, pki, clock }: Pick<ControllerContext, 'store' | 'pki' | 'clock'>,
  signingKeys: Pick<SigningKeys, 'rotate'>,
): void {
  let lastMs = -Infinity;
  const replaceAuthority = async (isCompromised: boolean): Promise<void> => {
    try {
      await pki.replaceIssuing(isCompromised ? 'compromised' : 'renewed');
    } catch (error) {
      if (!isAppError(error, 'ERR_PKI_ROOT_KEY_MISSING')) throw error;
      throw new EdgeError('ENTITY_CAN_NOT_BE_UPDATED', error.message);
    }
    const entityId = fingerprintOf(certificateFromPem(pki.issuingPem));
    const entry = { action: 'create', entityKind: 'issuingAuthorities', entityId };
    await store.write((tx) => {
      tx.record({ ...entry, details: { isCompromised } });
      return Promise.resolve();
    });
  };
  routes.add(
    {
      method: 'post',
      path: '/key-rotations',
      access: 'admin',
      summary:
        'Replace signing keys (compromised ones at every controller) or the issuing authority',
      operationId: 'rotateKeys',
      body: bodySchema,
      response: doneResponse,
      errors: ['ENTITY_CAN_NOT_BE_UPDATED', 'RATE_LIMITED'],
    },
    async (request) => {
      if (clock() - lastMs < INTERVAL_MS)
        throw new EdgeError('RATE_LIMITED', 'keys were rotated less than a minute ago');
      lastMs = clock();
      const { keys, isCompromised } = request.body;
      for (const key of new Set(keys))
        if (key === AUTHORITY) await replaceAuthority(isCompromised);
        else await signingKeys.rotate(key, { isCompromised });
      return done();
    },
  );
}
