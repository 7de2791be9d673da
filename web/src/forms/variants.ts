/** Members that mean something for some kinds of a body only, where one member says which kind it is. */
import type { Body } from './body.ts';
import type { FieldModel } from './field-model.ts';

interface Variants {
  readonly by: string;
  /** Member → values of `by` that it goes with; members that are not named go with all. */
  readonly members: Readonly<Record<string, readonly string[]>>;
}

const VARIANTS: Readonly<Record<string, Variants>> = {
  '/posture-checks': {
    by: 'typeId',
    members: {
      operatingSystems: ['OS'],
      domains: ['DOMAIN'],
      macAddresses: ['MAC'],
      process: ['PROCESS'],
      semantic: ['PROCESS_MULTI'],
      processes: ['PROCESS_MULTI'],
      timeoutSeconds: ['MFA'],
      promptOnWake: ['MFA'],
      promptOnUnlock: ['MFA'],
      ignoreLegacyEndpoints: ['MFA'],
      browsers: ['BROWSER'],
      platforms: ['PLATFORM'],
      networks: ['NETWORK'],
      timeZone: ['TIME'],
      windows: ['TIME'],
      countries: ['COUNTRY'],
    },
  },
  '/authenticators': {
    by: 'method',
    members: { username: ['updb'], password: ['updb'], certPem: ['cert'] },
  },
  '/enrollments': { by: 'method', members: { caId: ['ottca'], username: ['updb'] } },
};

/** The fields that go with what the body is so far. */
export function fieldsFor(
  fields: readonly FieldModel[],
  entity: string,
  body: Body,
): readonly FieldModel[] {
  const variants = Object.hasOwn(VARIANTS, entity) ? VARIANTS[entity] : undefined;
  if (!variants) return fields;
  const kind = body[variants.by];
  return fields.filter(({ name }) => {
    const kinds = Object.hasOwn(variants.members, name) ? variants.members[name] : undefined;
    return kinds === undefined || typeof kind !== 'string' || kinds.includes(kind);
  });
}
