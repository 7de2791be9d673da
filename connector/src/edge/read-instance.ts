import { readFile } from 'node:fs/promises';
import { AppError } from '@postern/shared/errors';
import type { HostedServiceConfig } from '../config.ts';
import type { Offer } from './service-binding.ts';

const MAX_SECRET_BYTES = 4096;

/**
 * The instance that a service is bound as, with the secret that goes with it.
 * @throws AppError `ERR_CONNECTOR_INSTANCE_SECRET`
 */
export async function readInstance({
  instanceId,
  instanceSecretFile,
}: HostedServiceConfig['listen']): Promise<Pick<Offer, 'instanceId' | 'instanceSecret'>> {
  if (instanceId === undefined) return {};
  if (instanceSecretFile === undefined) return { instanceId };
  let instanceSecret: Uint8Array;
  try {
    instanceSecret = await readFile(instanceSecretFile);
  } catch (cause) {
    throw new AppError('ERR_CONNECTOR_INSTANCE_SECRET', 'cannot be read', { cause });
  }
  if (instanceSecret.length === 0 || instanceSecret.length > MAX_SECRET_BYTES)
    throw new AppError('ERR_CONNECTOR_INSTANCE_SECRET', 'must hold 1 to 4096 bytes');
  return { instanceId, instanceSecret };
}
