import { describe, expect, it } from 'vitest';
import { planApplication, slugOf, type StepId, type Wish } from './plan.ts';
import { runPlan, StepFailed } from './run-plan.ts';

const wish: Wish = {
  name: 'My Wiki',
  origin: 'https://wiki.example.com',
  attribute: '',
  person: undefined,
  byPassword: true,
  signerIds: [],
};
const settled = { routers: 1, edgeRouterPolicies: 1, serviceEdgeRouterPolicies: 1 };
const empty = { routers: 0, edgeRouterPolicies: 0, serviceEdgeRouterPolicies: 0 };
const stepsOf = (...args: Parameters<typeof planApplication>) =>
  planApplication(...args).map(({ id }) => id);
const idOf = (step: StepId) => `${step}-id`;

describe('the plan', () => {
  it('of a settled network makes only what the application needs', () => {
    expect(stepsOf(wish, settled)).toEqual(['service', 'host', 'bind', 'dial', 'application']);
  });

  it('of an empty network begins with a router and its policies', () => {
    expect(stepsOf(wish, empty).slice(0, 3)).toEqual([
      'router',
      'routerPolicy',
      'serviceRouterPolicy',
    ]);
  });

  it('lets its own connector host its own service, and those open it who were named', () => {
    const bodies = Object.fromEntries(
      planApplication({ ...wish, attribute: 'staff' }, settled).map(({ id, body }) => [
        id,
        body(idOf),
      ]),
    );
    expect(bodies['service']).toEqual({ name: 'My Wiki', encryptionRequired: true });
    expect(bodies['bind']).toMatchObject({
      type: 'Bind',
      identityRoles: ['@host-id'],
      serviceRoles: ['@service-id'],
    });
    expect(bodies['dial']).toMatchObject({ type: 'Dial', identityRoles: ['#staff'] });
    expect(bodies['application']).toMatchObject({
      serviceId: 'service-id',
      loginMethods: ['password'],
    });
  });

  it('gives a new person the attribute that opens it', () => {
    const person = { username: 'ann', password: 'secret' };
    const steps = planApplication({ ...wish, attribute: 'staff', person }, settled);
    expect(steps.find(({ id }) => id === 'person')?.body(idOf)).toMatchObject({
      isAdmin: false,
      roleAttributes: ['staff'],
    });
    expect(steps.find(({ id }) => id === 'password')?.body(idOf)).toMatchObject({
      method: 'updb',
      identityId: 'person-id',
      username: 'ann',
    });
  });

  it('takes identity providers and passwords together', () => {
    const both = planApplication({ ...wish, signerIds: ['idp'] }, settled)
      .at(-1)
      ?.body(idOf);
    expect(both).toMatchObject({ loginMethods: ['ext-jwt', 'password'], signerIds: ['idp'] });
    const one = planApplication({ ...wish, byPassword: false, signerIds: ['idp'] }, settled);
    expect(one.at(-1)?.body(idOf)).toMatchObject({ loginMethods: ['ext-jwt'] });
  });
});

describe('running it', () => {
  it('goes on after a refusal where it stopped', async () => {
    const steps = planApplication(wish, settled);
    const posted: string[] = [];
    let isRefusing = true;
    const call = (_method: string, path: string) => {
      if (isRefusing && path === '/applications') return Promise.reject(new Error('taken'));
      posted.push(path);
      return Promise.resolve({ data: { id: `made-${posted.length}` }, total: 0, etag: undefined });
    };
    const client = { call } as unknown as Parameters<typeof runPlan>[0];
    const failure = (await runPlan(client, steps, new Map()).catch(
      (e: unknown) => e,
    )) as StepFailed;
    expect(failure).toBeInstanceOf(StepFailed);
    expect(failure.step.id).toBe('application');
    expect(posted).toHaveLength(4);
    isRefusing = false;
    const made = await runPlan(client, steps, failure.made);
    expect(posted).toEqual([
      '/services',
      '/identities',
      '/service-policies',
      '/service-policies',
      '/applications',
    ]);
    expect(made.get('application')).toBe('made-5');
  });
});

it.each([
  ['My Wiki', 'my-wiki'],
  ['../../etc', 'etc'],
  ['$(rm -rf /)', 'rm-rf'],
  ['Wörter!', 'w-rter'],
  ['日本', 'application'],
])('makes of %s the name %s', (name, slug) => expect(slugOf(name)).toBe(slug));
