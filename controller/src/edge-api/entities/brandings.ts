/** How the pages look that people see: loader, sign-in, errors, status. Of the network, or of one application. */
import { createHash } from 'node:crypto';
import {
  findIllegible,
  logoFault,
  MAX_LOGO_BYTES,
  mergeBranding,
  MIN_CONTRAST,
  parseColor,
  type Branding,
} from '@postern/shared/branding';
import { z } from 'zod';
import { NETWORK, toBranding } from '../../branding/effective-branding.ts';
import type { BrandingRow } from '../../model/brandings.ts';
import { newEntity } from '../../model/defaults.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition, type WriteEnv } from '../crud.ts';
import { fieldError } from '../errors.ts';
import { name, tags } from './fields.ts';

const color = z
  .string()
  .max(64)
  .refine((text) => parseColor(text) !== undefined, {
    error: 'must be an opaque CSS colour: #rgb, #rrggbb, rgb(…) or hsl(…)',
  });
const colors = z
  .strictObject({
    accent: color.optional(),
    onAccent: color.optional(),
    background: color.optional(),
    surface: color.optional(),
    text: color.optional(),
    muted: color.optional(),
  })
  .default({});
/** One line of text; what would reorder or hide text around it is refused. */
const line = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[^\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]*$/u, 'must be plain text in one line')
    .default('');
const logo = z.union([
  z.strictObject({}) as z.ZodType<{ mediaType?: never }>,
  z.strictObject({
    mediaType: z.enum(['image/png', 'image/svg+xml']),
    data: z.base64().max(Math.ceil(MAX_LOGO_BYTES / 3) * 4, `at most ${MAX_LOGO_BYTES} bytes`),
  }),
]);

const input = z.object({
  name,
  /** Left out: of the whole network. */
  applicationId: z.string().max(64).default(NETWORK),
  displayName: line(64),
  logo: logo.default({}),
  light: colors,
  dark: colors,
  helpUrl: z.union([z.literal(''), z.url({ protocol: /^https$/ }).max(512)]).default(''),
  supportText: line(300),
  tags,
});
type Input = z.output<typeof input>;

export const brandings: EntityDefinition = defineEntity({
  plural: 'brandings',
  repository: repositories.brandings,
  input,
  async check(body, env, row) {
    const { db } = env;
    const { applicationId } = body;
    const [other] = await repositories.brandings.find(db, { applicationId });
    if (other && other.id !== row?.id)
      throw fieldError('applicationId', 'there is another look of it', applicationId);
    if (applicationId !== NETWORK && !(await repositories.applications.get(db, applicationId)))
      throw fieldError('applicationId', 'no such application', applicationId);
    checkLogo(body.logo);
    await checkColors(body, env);
  },
  create: (body, { tx, nowMs }) =>
    repositories.brandings.insert(tx, { ...newEntity(nowMs), ...stored(body) }),
  async update(row, body, { tx, nowMs }) {
    const updatedAt = new Date(nowMs).toISOString();
    await repositories.brandings.update(tx, row.id, { ...stored(body), updatedAt });
  },
});

function stored({ light, dark, ...body }: Input) {
  return {
    ...body,
    logoSha256:
      'data' in body.logo ? createHash('sha256').update(bytesOf(body.logo.data)).digest('hex') : '',
    light: light as BrandingRow['light'],
    dark: dark as BrandingRow['dark'],
  };
}

const bytesOf = (data: string): Buffer => Buffer.from(data, 'base64');

function checkLogo(body: Input['logo']): void {
  if (!('data' in body)) return;
  const fault = logoFault(body.mediaType, bytesOf(body.data));
  if (fault !== undefined) throw fieldError('logo.data', fault);
}

/** Each look that this one makes must be legible: its own, and where it is the network's, every application's. */
async function checkColors(body: Input, { db }: WriteEnv): Promise<void> {
  const own = toBranding(stored(body));
  const rows = await repositories.brandings.find(db);
  if (body.applicationId !== NETWORK) {
    const network = rows.find(({ applicationId }) => applicationId === NETWORK);
    requireLegible(mergeBranding(network ? toBranding(network) : {}, own), '');
    return;
  }
  requireLegible(own, '');
  for (const row of rows) {
    if (row.applicationId === NETWORK) continue;
    requireLegible(mergeBranding(own, toBranding(row)), ` in the look “${row.name}”`);
  }
}

function requireLegible(branding: Branding, where: string): void {
  const [found] = findIllegible(branding);
  if (found === undefined) return;
  const { scheme, color: foreground, on, ratio } = found;
  throw fieldError(
    `${scheme}.${foreground}`,
    `has a contrast of ${ratio.toFixed(2)} on ${on}${where}; at least ${MIN_CONTRAST} is needed to be legible`,
    branding[scheme]?.[foreground] ?? '',
  );
}
