import { expect, it } from 'vitest';
import { bodyOf } from '../api/operations.ts';
import { fieldsOf } from './field-model.ts';
import { fieldsFor } from './variants.ts';

const namesFor = (entity: `/${string}`, body: object) =>
  fieldsFor(fieldsOf(bodyOf(`post ${entity}`) ?? {}, entity), entity, { ...body }).map(
    ({ name }) => name,
  );

it('shows of a posture check what its type has', () => {
  expect(namesFor('/posture-checks', { typeId: 'TIME' })).toEqual([
    'name',
    'typeId',
    'roleAttributes',
    'tags',
    'timeZone',
    'windows',
  ]);
  expect(namesFor('/posture-checks', { typeId: 'MAC' })).toContain('macAddresses');
});

it('names a type for each member that a check can have', () => {
  const members = Object.keys(bodyOf('post /posture-checks')?.properties ?? {});
  const common = ['name', 'typeId', 'roleAttributes', 'tags'];
  const left = namesFor('/posture-checks', { typeId: 'none of them' });
  expect(left).toEqual(members.filter((name) => common.includes(name)));
});

it('shows of an authenticator what its method has', () => {
  expect(namesFor('/authenticators', { method: 'cert' })).not.toContain('password');
  expect(namesFor('/authenticators', { method: 'updb' })).not.toContain('certPem');
});

it('shows all of an entity without kinds', () => {
  expect(namesFor('/services', {})).toHaveLength(8);
});
