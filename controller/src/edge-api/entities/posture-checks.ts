/** Posture checks: OpenZiti's six types (specs/edge-api.md §2.13) and five that a browser can answer. */
import { isNetwork } from '@postern/shared/posture';
import { Range } from 'semver';
import { z } from 'zod';
import { newEntity } from '../../model/defaults.ts';
import type { PostureCheck, PostureDefinitions, PostureTypeId } from '../../model/posture.ts';
import { normalMac } from '../../posture/evaluate-check.ts';
import { repositories } from '../../store/repositories.ts';
import { defineEntity, type EntityDefinition } from '../crud.ts';
import { EdgeError, fieldError } from '../errors.ts';
import { name, roleAttributes, tags } from './fields.ts';
import { semantic } from './fields.ts';

const text = z.string().min(1).max(512);
const osType = z.enum(['Windows', 'WindowsServer', 'Android', 'iOS', 'Linux', 'macOS']);
const hex = z
  .string()
  .max(256)
  .transform((value) => value.toLowerCase().replaceAll(/[^0-9a-f]/g, ''));
const versionRange = z.string().max(256).refine(isVersionRange, 'is no range of versions');
const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'must be HH:MM');

/** Both spellings of a signer: PROCESS has one, PROCESS_MULTI several. */
const oneProcess = z
  .object({
    osType,
    path: text,
    hashes: z.array(hex).max(64).default([]),
    signerFingerprint: hex.default(''),
  })
  .transform(({ signerFingerprint, ...rest }) => ({
    ...rest,
    signerFingerprints: signerFingerprint === '' ? [] : [signerFingerprint],
  }));
const someProcess = z.object({
  osType,
  path: text,
  hashes: z.array(hex).max(64).default([]),
  signerFingerprints: z.array(hex).max(64).default([]),
});

/** What a definition of each type is made of; bodies and answers have these members at their top. */
const definitions = {
  OS: z.object({
    operatingSystems: z
      .array(z.object({ type: osType, versions: z.array(versionRange).max(64).default([]) }))
      .min(1)
      .max(64),
  }),
  DOMAIN: z.object({ domains: z.array(text).min(1).max(256) }),
  MAC: z.object({
    macAddresses: z
      .array(
        z
          .string()
          .max(64)
          .transform(normalMac)
          .refine((mac) => mac.length === 12, 'is no MAC'),
      )
      .min(1)
      .max(1000),
  }),
  PROCESS: z.object({ process: oneProcess }),
  PROCESS_MULTI: z.object({ semantic, processes: z.array(someProcess).min(1).max(64) }),
  MFA: z.object({
    timeoutSeconds: z
      .int()
      .max(31_536_000)
      .default(-1)
      .transform((seconds) => (seconds <= 0 ? -1 : seconds)),
    promptOnWake: z.boolean().default(false),
    promptOnUnlock: z.boolean().default(false),
    ignoreLegacyEndpoints: z.boolean().default(false),
  }),
  BROWSER: z.object({
    browsers: z
      .array(z.object({ name: text, minMajorVersion: z.int().min(0).max(100_000).default(0) }))
      .min(1)
      .max(64),
  }),
  PLATFORM: z.object({
    platforms: z
      .array(z.object({ name: text, minVersion: z.string().max(64).default('') }))
      .min(1)
      .max(64),
  }),
  NETWORK: z.object({
    networks: z
      .array(z.string().max(64).refine(isNetwork, 'is no range such as 192.0.2.0/24'))
      .min(1)
      .max(1000),
  }),
  TIME: z.object({
    timeZone: z.string().max(64).refine(isTimeZone, 'is no time zone such as Europe/Berlin'),
    windows: z
      .array(
        z
          .object({
            days: z.array(z.int().min(1).max(7)).min(1).max(7),
            from: clockTime,
            to: clockTime,
          })
          .refine(({ from, to }) => from < to, 'must end after it begins, on the same day'),
      )
      .min(1)
      .max(64),
  }),
  COUNTRY: z.object({
    countries: z
      .array(z.string().regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 code such as DE'))
      .min(1)
      .max(256),
  }),
} as const satisfies { [T in PostureTypeId]: z.ZodType<PostureDefinitions[T]> };

export const postureTypeIds = Object.keys(definitions) as PostureTypeId[];

/** `attested`: seen by a router or the controller; `declared`: the client's own word. */
export const ASSURANCE: Readonly<Record<PostureTypeId, 'attested' | 'declared'>> = {
  OS: 'declared',
  DOMAIN: 'declared',
  MAC: 'declared',
  PROCESS: 'declared',
  PROCESS_MULTI: 'declared',
  MFA: 'attested',
  BROWSER: 'declared',
  PLATFORM: 'declared',
  NETWORK: 'attested',
  TIME: 'attested',
  COUNTRY: 'attested',
};

const members = z.object(
  Object.assign({}, ...Object.values(definitions).map(({ shape }) => shape)) as Record<
    string,
    z.ZodType
  >,
).shape;
/** A body names members of its own type only; `definitionOf` judges them. */
const optionalMembers = Object.fromEntries(
  Object.keys(members).map((member) => [member, z.unknown().optional()]),
);
const shownMembers = Object.fromEntries(
  Object.keys(members).map((member) => [member, z.unknown().optional()]),
);

const input = z.object({
  name,
  typeId: z.enum(postureTypeIds),
  roleAttributes,
  tags,
  ...optionalMembers,
});

export const postureChecks: EntityDefinition = defineEntity({
  plural: 'posture-checks',
  permission: 'posture-check',
  repository: repositories.postureChecks,
  symbols: { aliases: { type: 'typeId' }, constants: { isSystem: false } },
  input,
  stored: (row) => ({ ...row, ...row.definition }),
  shown: {
    definition: z.never().optional(),
    assurance: z.enum(['attested', 'declared']),
    ...shownMembers,
  },
  check(body, _env, row) {
    if (row && row.typeId !== body.typeId)
      throw fieldError('typeId', 'cannot be changed', body.typeId);
    definitionOf(body.typeId, body);
    return Promise.resolve();
  },
  create: (body, { tx, nowMs }) =>
    repositories.postureChecks.insert(tx, {
      ...newEntity(nowMs),
      ...common(body),
      typeId: body.typeId,
      version: 1,
      definition: definitionOf(body.typeId, body),
    }),
  async update(row, body, { tx, nowMs }) {
    await repositories.postureChecks.update(tx, row.id, {
      ...common(body),
      version: row.version + 1,
      definition: definitionOf(row.typeId, body),
      updatedAt: new Date(nowMs).toISOString(),
    });
  },
  async remove(row, { tx, ctx }) {
    // Without the check its policies would ask for less: removing anything never grants.
    const holding = [...ctx.policy.entities().servicePolicy].filter(
      (policy) =>
        policy.postureCheckRoles.length > 0 &&
        (policy.postureCheckRoles.includes(`@${row.id}`) ||
          ctx.policy.posture.demanded(policy)?.has(row.id) === true),
    );
    if (holding.length > 0)
      throw new EdgeError(
        'CAN_NOT_DELETE_REFERENCED_ENTITY',
        `service policies ask for this check: ${holding
          .slice(0, 5)
          .map(({ id }) => id)
          .join(', ')}`,
      );
    await repositories.postureChecks.remove(tx, row.id);
  },
  render: (rows) =>
    Promise.resolve(
      rows.map((row) => ({
        ...shownDefinition(row),
        definition: undefined,
        assurance: ASSURANCE[row.typeId],
      })),
    ),
});

function common({ name: given, roleAttributes: attributes, tags: flat }: z.output<typeof input>) {
  return { name: given, roleAttributes: attributes, tags: flat };
}

/** @throws EdgeError COULD_NOT_VALIDATE naming the member at fault. */
function definitionOf(
  typeId: PostureTypeId,
  body: Record<string, unknown>,
): PostureDefinitions[PostureTypeId] {
  const parsed = definitions[typeId].safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw fieldError(issue?.path.join('.') ?? typeId, issue?.message ?? 'is invalid');
}

/** The members as clients know them: PROCESS has one signer. */
function shownDefinition({ definition }: Pick<PostureCheck, 'definition'>) {
  if (!('process' in definition)) return definition;
  const { signerFingerprints, ...process } = definition.process;
  return { process: { ...process, signerFingerprint: signerFingerprints[0] ?? '' } };
}

function isVersionRange(range: string): boolean {
  try {
    new Range(range);
    return true;
  } catch {
    return false;
  }
}

function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone });
    return true;
  } catch {
    return false;
  }
}
