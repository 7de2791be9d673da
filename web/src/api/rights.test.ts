import { expect, it } from 'vitest';
import { mayAccess, mayCall } from './rights.ts';

const somebody = { isAdmin: false, isDefaultAdmin: false, permissions: [] as string[] };
const holding = (...permissions: string[]) => ({ ...somebody, permissions });

it('lets administrators call everything there is', () => {
  for (const admin of [
    { ...somebody, isAdmin: true },
    { ...somebody, isDefaultAdmin: true },
  ]) {
    expect(mayCall(admin, 'post /identities')).toBe(true);
    expect(mayCall(admin, 'get /summary')).toBe(true);
    expect(mayCall(admin, 'post /nothing-of-the-kind')).toBe(false);
  }
});

it('lets a reader read and change nothing', () => {
  const reader = holding('admin_readonly');
  expect(mayCall(reader, 'get /identities')).toBe(true);
  expect(mayCall(reader, 'get /audit')).toBe(true);
  expect(mayCall(reader, 'post /policy-simulations')).toBe(true);
  expect(mayCall(reader, 'patch /identities/{id}')).toBe(false);
  expect(mayCall(reader, 'delete /api-sessions/{id}')).toBe(false);
  expect(mayCall(reader, 'get /summary')).toBe(false);
});

it('knows permissions for a type and for one action', () => {
  expect(mayCall(holding('service'), 'delete /services/{id}')).toBe(true);
  expect(mayCall(holding('service.create'), 'post /services')).toBe(true);
  expect(mayCall(holding('service.create'), 'delete /services/{id}')).toBe(false);
  expect(mayCall(holding('identity'), 'post /services')).toBe(false);
  expect(mayAccess(holding('ops'), 'ops.read')).toBe(true);
});

it('gives somebody without permissions what asks for none', () => {
  expect(mayCall(somebody, 'get /current-identity')).toBe(true);
  expect(mayCall(somebody, 'get /identities')).toBe(false);
});
