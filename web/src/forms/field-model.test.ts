import { describe, expect, it } from 'vitest';
import { bodyOf } from '../api/operations.ts';
import { kinds } from '../entities/kinds.ts';
import { fieldsOf, type FieldModel } from './field-model.ts';

const ofBody = (operation: Parameters<typeof bodyOf>[0], entity: string) =>
  Object.fromEntries(
    fieldsOf(bodyOf(operation) ?? {}, entity).map((field) => [field.name, field]),
  ) as Record<string, FieldModel>;

describe('fields of the API’s own bodies', () => {
  it('of an identity', () => {
    const fields = ofBody('post /identities', '/identities');
    expect(Object.keys(fields).slice(0, 3)).toEqual(['name', 'type', 'isAdmin']);
    expect(fields['name']).toMatchObject({ kind: 'text', isRequired: true, maxLength: 256 });
    expect(fields['type']).toMatchObject({ kind: 'choice' });
    expect(fields['isAdmin']).toMatchObject({ kind: 'switch' });
    expect(fields['authPolicyId']).toMatchObject({ kind: 'reference', to: '/auth-policies' });
    expect(fields['externalId']).toMatchObject({ kind: 'text', isRequired: false });
    expect(fields['roleAttributes']).toMatchObject({
      kind: 'list',
      suggest: { attributes: '/identity-role-attributes', isRole: false },
    });
    expect(fields['defaultHostingCost']).toMatchObject({ kind: 'number', maximum: 65_535 });
    expect(fields['defaultHostingPrecedence']).toMatchObject({
      kind: 'choice',
      options: ['default', 'required', 'failed', ''],
    });
    expect(fields['appData']).toMatchObject({ kind: 'json' });
    expect(fields['enrollment']).toMatchObject({ kind: 'group' });
  });

  it('of a policy', () => {
    const fields = ofBody('post /service-policies', '/service-policies');
    expect(fields['identityRoles']).toMatchObject({
      kind: 'list',
      suggest: { entities: '/identities', attributes: '/identity-role-attributes', isRole: true },
    });
  });

  it('of an application, a CA, an authenticator', () => {
    expect(ofBody('post /applications', '/applications')['loginMethods']).toMatchObject({
      kind: 'choices',
      options: ['ext-jwt', 'password', 'passkey'],
    });
    expect(ofBody('post /cas', '/cas')['certPem']).toMatchObject({ kind: 'lines' });
    expect(ofBody('post /authenticators', '/authenticators')['password']).toMatchObject({
      kind: 'secret',
    });
  });

  it('of an identity provider: an address, or none', () => {
    const fields = ofBody('post /external-jwt-signers', '/external-jwt-signers');
    expect(fields['jwksEndpoint']).toMatchObject({ kind: 'text', maxLength: 2_048 });
    expect(fields['targetToken']).toMatchObject({ kind: 'choice', options: ['ACCESS', 'ID', ''] });
  });

  it('go down into groups', () => {
    const { primary } = ofBody('post /auth-policies', '/auth-policies');
    if (primary?.kind !== 'group') throw new Error('no group');
    const updb = primary.fields.find(({ name }) => name === 'updb');
    if (updb?.kind !== 'group') throw new Error('no group');
    expect(updb.fields.map(({ name }) => name)).toContain('minPasswordLength');
  });

  it('are there for every entity that can be created', () => {
    for (const { path } of Object.values(kinds)) {
      const schema = bodyOf(`post /${path}`);
      if (schema) expect(fieldsOf(schema, `/${path}`).length, path).toBeGreaterThan(0);
    }
  });
});
