/** Signing in for the portal itself, where no application asks for it. */
import { randomBytes } from 'node:crypto';
import type { ControllerContext } from '../context.ts';
import type { Application } from '../model/services.ts';
import type { PayloadStore } from '../oidc/payload-store.ts';
import { repositories } from '../store/repositories.ts';

const MODEL = 'PortalSignIn';
const LIFE_SECONDS = 15 * 60;
const MAX_SESSION_HOURS = 12;

export interface PortalSignIns {
  /** A new interaction of this device; `ask` comes back in the address it ends at. */
  begin(deviceThumbprint: string, ask: string | undefined): Promise<string>;
  find(uid: string): Promise<PortalSignIn | undefined>;
}

export interface PortalSignIn {
  readonly deviceThumbprint: string;
  readonly expiresAtMs: number;
  /** Where it ends: the portal. */
  readonly returnTo: string;
}

export function createPortalSignIns(
  { config, clock }: Pick<ControllerContext, 'config' | 'clock'>,
  payloads: PayloadStore,
): PortalSignIns {
  return {
    begin: async (deviceThumbprint, ask) => {
      const uid = randomBytes(32).toString('base64url');
      const query = ask === undefined ? '' : `?ask=${encodeURIComponent(ask)}`;
      const signIn: PortalSignIn = {
        deviceThumbprint,
        expiresAtMs: clock() + LIFE_SECONDS * 1000,
        returnTo: `${config.loginOrigin}/${query}`,
      };
      await payloads.put(MODEL, uid, { ...signIn }, LIFE_SECONDS);
      return uid;
    },
    find: async (uid) => (await payloads.find(MODEL, uid)) as unknown as PortalSignIn | undefined,
  };
}

/**
 * The portal as something to sign in to. It takes the ways that some application takes, and no other: whoever
 * could sign in nowhere else cannot here either.
 */
export async function portalApplication({
  config,
  store,
}: Pick<ControllerContext, 'config' | 'store'>): Promise<Application> {
  const applications = await repositories.applications.find(store.db);
  const external = applications.filter(({ loginMethods }) => loginMethods.includes('ext-jwt'));
  const now = new Date(0).toISOString();
  return {
    id: 'portal',
    createdAt: now,
    updatedAt: now,
    tags: {},
    name: new URL(config.loginOrigin).host,
    origin: config.loginOrigin,
    serviceId: '',
    loginMethods: [...new Set(applications.flatMap(({ loginMethods }) => loginMethods))],
    signerIds: external.some(({ signerIds }) => signerIds.length === 0)
      ? []
      : [...new Set(external.flatMap(({ signerIds }) => signerIds))],
    sessionHours: MAX_SESSION_HOURS,
  };
}
