/** From a wish to the entities that make an application reachable (docs/operations.md, "Administration by REST"). */
import type { Operation } from '../api/operations.ts';
import type { Body } from '../forms/body.ts';

export interface Wish {
  readonly name: string;
  /** `https://wiki.example.com` */
  readonly origin: string;
  /** Attribute of those who may open it; empty: everyone. */
  readonly attribute: string;
  readonly person: { readonly username: string; readonly password: string } | undefined;
  readonly byPassword: boolean;
  /** Ids of the identity providers that people may sign in by. */
  readonly signerIds: readonly string[];
}

/** What somebody has to be allowed who protects an application on a network that has routers. */
export const PROTECTING = [
  'post /services',
  'post /identities',
  'post /service-policies',
  'post /applications',
] as const satisfies readonly Operation[];

/** What the network has already. */
export interface Present {
  readonly routers: number;
  readonly edgeRouterPolicies: number;
  readonly serviceEdgeRouterPolicies: number;
}

export type StepId =
  | 'router'
  | 'routerPolicy'
  | 'serviceRouterPolicy'
  | 'service'
  | 'host'
  | 'bind'
  | 'dial'
  | 'person'
  | 'password'
  | 'application';

export interface Step {
  readonly id: StepId;
  /** In place of `{name}` or `{origin}` in the step's words. */
  readonly subject: string;
  readonly path: string;
  /** @param made ids of what earlier steps made */
  readonly body: (made: (step: StepId) => string) => Body;
  /** Members of this step's body that inputs of the wizard stand for. */
  readonly inputs?: Readonly<Record<string, keyof WizardProblems>>;
}

export interface WizardProblems {
  readonly name?: string;
  readonly origin?: string;
  readonly attribute?: string;
  readonly username?: string;
  readonly password?: string;
}

/** Of the router made on a network that has none. */
export const ROUTER_NAME = 'router-1';

const ALL = ['#all'];

/** The steps in the order in which they need each other. */
export function planApplication(wish: Wish, present: Present): readonly Step[] {
  const { name, origin, attribute, person, byPassword, signerIds } = wish;
  const slug = slugOf(name);
  return [
    ...(present.routers === 0
      ? [step('router', ROUTER_NAME, '/edge-routers', () => ({ name: ROUTER_NAME }))]
      : []),
    ...(present.edgeRouterPolicies === 0
      ? [
          step('routerPolicy', '', '/edge-router-policies', () => ({
            name: 'everybody may use every router',
            semantic: 'AnyOf',
            identityRoles: ALL,
            edgeRouterRoles: ALL,
          })),
        ]
      : []),
    ...(present.serviceEdgeRouterPolicies === 0
      ? [
          step('serviceRouterPolicy', '', '/service-edge-router-policies', () => ({
            name: 'every service may use every router',
            semantic: 'AnyOf',
            serviceRoles: ALL,
            edgeRouterRoles: ALL,
          })),
        ]
      : []),
    step('service', name, '/services', () => ({ name, encryptionRequired: true }), {
      name: 'name',
    }),
    step('host', `${slug}-connector`, '/identities', () => ({
      name: `${slug}-connector`,
      type: 'Default',
      isAdmin: false,
      enrollment: { ott: true },
    })),
    step('bind', name, '/service-policies', (made) => ({
      name: `${name}: the connector may host it`,
      type: 'Bind',
      semantic: 'AnyOf',
      identityRoles: [`@${made('host')}`],
      serviceRoles: [`@${made('service')}`],
    })),
    step(
      'dial',
      name,
      '/service-policies',
      (made) => ({
        name: `${name}: who may open it`,
        type: 'Dial',
        semantic: 'AnyOf',
        identityRoles: attribute === '' ? ALL : [`#${attribute}`],
        serviceRoles: [`@${made('service')}`],
      }),
      { identityRoles: 'attribute' },
    ),
    ...(person
      ? [
          step(
            'person',
            person.username,
            '/identities',
            () => ({
              name: person.username,
              type: 'Default',
              isAdmin: false,
              roleAttributes: attribute === '' ? [] : [attribute],
            }),
            { name: 'username' },
          ),
          step(
            'password',
            person.username,
            '/authenticators',
            (made) => ({ method: 'updb', identityId: made('person'), ...person }),
            { username: 'username', password: 'password' },
          ),
        ]
      : []),
    step(
      'application',
      origin,
      '/applications',
      (made) => ({
        name,
        origin,
        serviceId: made('service'),
        loginMethods: [
          ...(signerIds.length > 0 ? ['ext-jwt'] : []),
          ...(byPassword ? ['password'] : []),
        ],
        signerIds,
      }),
      { name: 'name', origin: 'origin' },
    ),
  ];
}

function step(
  id: StepId,
  subject: string,
  path: string,
  body: Step['body'],
  inputs: Step['inputs'] = {},
): Step {
  return { id, subject, path, body, inputs };
}

/** `My Wiki` → `my-wiki`: a name for files and identities. */
export function slugOf(name: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 48);
  return slug === '' ? 'application' : slug;
}
