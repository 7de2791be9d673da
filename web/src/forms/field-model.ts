/** What input a member of a body gets, from its JSON Schema and its name. */
import type { Schema } from '../api/operations.ts';

interface Common {
  readonly name: string;
  readonly isRequired: boolean;
}

export type FieldModel = Common &
  (
    | { readonly kind: 'text' | 'secret' | 'lines'; readonly maxLength: number | undefined }
    | { readonly kind: 'number'; readonly minimum?: number; readonly maximum?: number }
    | { readonly kind: 'switch' }
    | { readonly kind: 'choice'; readonly options: readonly string[] }
    | { readonly kind: 'choices'; readonly options: readonly string[] }
    /** Id of an entity of that kind. */
    | { readonly kind: 'reference'; readonly to: string }
    /** Texts; `suggest` says what they usually are. */
    | { readonly kind: 'list'; readonly suggest: Suggest | undefined }
    | { readonly kind: 'group'; readonly fields: readonly FieldModel[] }
    /** Whatever has no better form. */
    | { readonly kind: 'json' }
  );

export interface Suggest {
  /** Path of the list of entities whose ids may stand here, for roles behind `@`. */
  readonly entities?: string;
  /** Path of the list of role attributes, for roles behind `#`. */
  readonly attributes?: string;
  readonly isRole: boolean;
}

/** Members whose schema says nothing, because it depends on the type of a posture check: lists of texts. */
const TEXT_LISTS = new Set(['domains', 'macAddresses', 'networks', 'countries']);

const REFERENCES: Readonly<Record<string, string>> = {
  serviceId: '/services',
  service: '/services',
  router: '/edge-routers',
  identityId: '/identities',
  configTypeId: '/config-types',
  authPolicyId: '/auth-policies',
  applicationId: '/applications',
  caId: '/cas',
  requireExtJwtSigner: '/external-jwt-signers',
};

const SUGGESTIONS: Readonly<Record<string, Suggest>> = {
  configs: { entities: '/configs', isRole: false },
  signerIds: { entities: '/external-jwt-signers', isRole: false },
  allowedSigners: { entities: '/external-jwt-signers', isRole: false },
  identityRoles: {
    entities: '/identities',
    attributes: '/identity-role-attributes',
    isRole: true,
  },
  serviceRoles: { entities: '/services', attributes: '/service-role-attributes', isRole: true },
  edgeRouterRoles: {
    entities: '/edge-routers',
    attributes: '/edge-router-role-attributes',
    isRole: true,
  },
  postureCheckRoles: {
    entities: '/posture-checks',
    attributes: '/posture-check-role-attributes',
    isRole: true,
  },
};

/** Where the attributes of an entity's own `roleAttributes` come from, by path of the entity. */
const OWN_ATTRIBUTES: Readonly<Record<string, string>> = {
  '/identities': '/identity-role-attributes',
  '/services': '/service-role-attributes',
  '/edge-routers': '/edge-router-role-attributes',
  '/posture-checks': '/posture-check-role-attributes',
};

/** Texts longer than this get several lines. */
const LINE_LENGTH = 4_096;

/** The fields of a body, required ones first, each in the order of the schema. */
export function fieldsOf(schema: Schema, entity: string): FieldModel[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {})
    .map(([name, member]) => fieldOf(name, member, required.has(name), entity))
    .sort((a, b) => Number(b.isRequired) - Number(a.isRequired));
}

function fieldOf(name: string, given: Schema, isRequired: boolean, entity: string): FieldModel {
  const common = { name, isRequired };
  const nullable = withoutNull(given);
  const choices = choicesOf(nullable);
  if (choices) return { ...common, kind: 'choice', options: choices };
  const schema = withoutEmpty(nullable);
  switch (schema.type) {
    case 'boolean':
      return { ...common, kind: 'switch' };
    case 'integer':
    case 'number':
      return {
        ...common,
        kind: 'number',
        ...(schema.minimum !== undefined && { minimum: schema.minimum }),
        ...(schema.maximum !== undefined && { maximum: schema.maximum }),
      };
    case 'string':
      return textField(common, schema);
    case 'array':
      return arrayField(common, schema, entity);
    case 'object':
      return schema.properties && Object.keys(schema.properties).length > 0
        ? { ...common, kind: 'group', fields: fieldsOf(schema, entity) }
        : { ...common, kind: 'json' };
    default:
      return TEXT_LISTS.has(name)
        ? { ...common, kind: 'list', suggest: undefined }
        : { ...common, kind: 'json' };
  }
}

function textField(common: Common, { maxLength }: Schema): FieldModel {
  const to = REFERENCES[common.name];
  if (to !== undefined) return { ...common, kind: 'reference', to };
  if (/password|secret/i.test(common.name)) return { ...common, kind: 'secret', maxLength };
  const isLong = maxLength !== undefined && maxLength > LINE_LENGTH;
  return { ...common, kind: isLong ? 'lines' : 'text', maxLength };
}

function arrayField(common: Common, { items }: Schema, entity: string): FieldModel {
  if (items?.enum) return { ...common, kind: 'choices', options: items.enum };
  if (items?.type !== 'string') return { ...common, kind: 'json' };
  const attributes =
    common.name === 'roleAttributes' && entity in OWN_ATTRIBUTES
      ? { attributes: OWN_ATTRIBUTES[entity] as string, isRole: false }
      : undefined;
  return { ...common, kind: 'list', suggest: SUGGESTIONS[common.name] ?? attributes };
}

/** The one alternative that is not null, if all else is null. */
function withoutNull(schema: Schema): Schema {
  const others = schema.anyOf?.filter(({ type }) => type !== 'null') ?? [];
  return others.length === 1 && others[0] ? { ...others[0] } : schema;
}

/** The one alternative to the empty text, which an input left empty stands for anyway. */
function withoutEmpty(schema: Schema): Schema {
  const others = schema.anyOf?.filter((part) => part.const !== '') ?? [];
  return others.length === 1 && others[0] ? others[0] : schema;
}

function choicesOf({ enum: options, anyOf }: Schema): readonly string[] | undefined {
  if (options) return options;
  const parts = anyOf?.map((part) => part.enum ?? (part.const === '' ? [''] : undefined));
  return parts?.every((part) => part !== undefined) ? parts.flat() : undefined;
}
