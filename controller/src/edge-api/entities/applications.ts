import { z } from 'zod';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition } from '../crud.ts';
import { reference } from '../envelope.ts';
import { fieldError } from '../errors.ts';
import { id, name, tags } from './fields.ts';
import { services } from './services.ts';

/** Postern's own entity: a browser origin bound to one service. */
export const applications: EntityDefinition = defineEntity({
  plural: 'applications',
  permission: 'service',
  repository: repositories.applications,
  symbols: { references: { service: { column: 'serviceId', target: () => services.symbols } } },
  input: z.object({
    name,
    origin: z
      .url({ protocol: /^https?$/ })
      .max(512)
      .refine(
        (value) => URL.canParse(value) && new URL(value).origin === value,
        'must be an origin: scheme, host and port without a path',
      )
      .refine(isSecureOrigin, 'must be https, or http on localhost'),
    serviceId: id,
    loginMethods: z
      .array(z.enum(['ext-jwt', 'password', 'passkey']))
      .min(1)
      .max(3)
      .default(['ext-jwt']),
    signerIds: z.array(id).max(16).default([]),
    sessionHours: z.number().positive().max(12).default(12),
    tags,
  }),
  async check(input, { db }, row) {
    const [other] = await repositories.applications.find(db, { origin: input.origin });
    if (other && other.id !== row?.id)
      throw fieldError('origin', 'duplicate value, origin must be unique', input.origin);
    if (!(await repositories.services.get(db, input.serviceId)))
      throw fieldError('serviceId', 'no such service', input.serviceId);
    const signers = await repositories.externalJwtSigners.findIn(db, 'id', input.signerIds);
    const missing = input.signerIds.find(
      (signerId) => !signers.some((signer) => signer.id === signerId),
    );
    if (missing !== undefined) throw fieldError('signerIds', 'no such signer', missing);
  },
  async remove(row, { tx }) {
    const [look] = await repositories.brandings.find(tx.db, { applicationId: row.id });
    if (look) await repositories.brandings.remove(tx, look.id);
    await repositories.applications.remove(tx, row.id);
  },
  async render(rows, { db }) {
    const named = await repositories.services.findIn(
      db,
      'id',
      rows.map((row) => row.serviceId),
    );
    return rows.map((row) => ({
      service: reference(
        'services',
        row.serviceId,
        named.find((service) => service.id === row.serviceId)?.name ?? '',
      ),
    }));
  },
});

/** Origins where browsers run service workers. */
function isSecureOrigin(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, hostname } = new URL(origin);
  return (
    protocol === 'https:' ||
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '127.0.0.1'
  );
}
