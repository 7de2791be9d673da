/** Changes as an administrator proposes them: bodies of the Management API, of which the decisive members count. */
import type { PolicyIndex, PolicyKind } from '@postern/shared/policy';
import type { Change, Entity } from '@postern/shared/schemas';
import { z } from 'zod';
import { id, roleAttributes, roles, semantic } from '../edge-api/entities/fields.ts';
import { fieldError, notFound } from '../edge-api/errors.ts';

const name = z.string().min(1).max(256);
const shapes = {
  identities: z.object({ name, roleAttributes, disabled: z.boolean().default(false) }),
  services: z.object({ name, roleAttributes }),
  'edge-routers': z.object({ name, roleAttributes, disabled: z.boolean().default(false) }),
  'service-policies': z.object({
    type: z.enum(['Dial', 'Bind']),
    semantic: semantic.default('AllOf'),
    identityRoles: roles,
    serviceRoles: roles,
    postureCheckRoles: roles,
  }),
  'edge-router-policies': z.object({
    semantic: semantic.default('AllOf'),
    identityRoles: roles,
    edgeRouterRoles: roles,
  }),
  'service-edge-router-policies': z.object({
    semantic: semantic.default('AllOf'),
    serviceRoles: roles,
    edgeRouterRoles: roles,
  }),
  'posture-checks': z.object({ roleAttributes }),
} as const;
type Type = keyof typeof shapes;

const KINDS: Readonly<Record<Type, PolicyKind>> = {
  identities: 'identity',
  services: 'service',
  'edge-routers': 'router',
  'service-policies': 'servicePolicy',
  'edge-router-policies': 'edgeRouterPolicy',
  'service-edge-router-policies': 'serviceEdgeRouterPolicy',
  'posture-checks': 'postureCheck',
};

/** What routers hold of a new entity beyond what is decided by its body. */
const NEW: Readonly<Partial<Record<Type, object>>> = {
  services: { encryptionRequired: true, terminatorStrategy: 'smartrouting' },
  'edge-routers': {
    cost: 0,
    noTraversal: false,
    isOnline: false,
    edgeUrls: [],
    fabricAddresses: [],
    links: [],
  },
};

export const proposedChangeSchema = z.object({
  op: z.enum(['create', 'update', 'delete']),
  type: z.enum(Object.keys(shapes) as [Type, ...Type[]]),
  /** Of an entity to change or delete; of a new one, where others of this proposal name it. */
  id: id.optional(),
  /** Body as for POST, or as for PATCH; members that decide no access are ignored. */
  data: z.record(z.string().max(256), z.unknown()).default({}),
});
export type ProposedChange = z.infer<typeof proposedChangeSchema>;

/** @throws EdgeError NOT_FOUND, COULD_NOT_VALIDATE naming the member of the proposal at fault. */
export function toChange(
  policy: PolicyIndex,
  { op, type, id: given, data }: ProposedChange,
  at: number,
): Change {
  const kind = KINDS[type];
  if (op === 'create') {
    const key = given ?? `new-${at}`;
    if (policy.entity(kind, key)) throw fieldError(`changes.${at}.id`, 'exists', key);
    const value = { id: key, ...NEW[type], ...parse(type, { name: key, ...data }, at) };
    return { op: 'put', kind, value: value as Entity<PolicyKind> } as Change;
  }
  if (given === undefined) throw fieldError(`changes.${at}.id`, 'is required');
  const before = policy.entity(kind, given);
  if (!before) throw notFound();
  if (op === 'delete') return { op: 'delete', kind, key: given };
  const value = { ...before, ...parse(type, { ...before, ...data }, at) };
  return { op: 'put', kind, value } as Change;
}

function parse(type: Type, body: Record<string, unknown>, at: number): object {
  const parsed = shapes[type].safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = ['changes', at, 'data', ...(issue?.path ?? [])].join('.');
  throw fieldError(field, issue?.message ?? 'is invalid');
}
