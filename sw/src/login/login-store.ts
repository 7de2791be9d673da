/** What the login origin keeps in this browser. No application content ever runs there. */
import { openDB } from 'idb';
import { z } from 'zod';

/** The sign-in session, good for all applications. The token is worthless without the device key. */
const sessionSchema = z.strictObject({
  token: z.string().min(1).max(256),
  expiresAt: z.iso.datetime(),
});
export type StoredSession = z.infer<typeof sessionSchema>;

/** The application signed in to last, as the controller described it. */
const applicationSchema = z.strictObject({
  name: z.string().max(256),
  origin: z.url({ protocol: /^https?$/ }),
});
export type LastApplication = z.infer<typeof applicationSchema>;

export interface LoginStore {
  /** The device's key pair, made at first use; its private part cannot be exported. */
  deviceKey(): Promise<CryptoKeyPair>;
  getSession(): Promise<StoredSession | undefined>;
  setSession(session: StoredSession | undefined): Promise<void>;
  /** A session the person ended while the controller could not be told. */
  getEndingSession(): Promise<StoredSession | undefined>;
  setEndingSession(session: StoredSession | undefined): Promise<void>;
  getLastApplication(): Promise<LastApplication | undefined>;
  setLastApplication(application: LastApplication): Promise<void>;
  /** True after a sign-out: an identity provider must then ask again who it is. */
  getAskAgain(): Promise<boolean>;
  setAskAgain(askAgain: boolean): Promise<void>;
}

/** Records by name; IndexedDB in the browser, a map in tests. */
export interface LoginRecords {
  get(name: string): Promise<unknown>;
  put(name: string, value: unknown): Promise<void>;
  /** Writes only where nothing is yet, and returns what is there then. */
  add(name: string, value: unknown): Promise<unknown>;
}

export function createLoginStore(records: LoginRecords): LoginStore {
  return {
    async deviceKey() {
      const stored = await records.get('deviceKey');
      if (stored !== undefined) return stored as CryptoKeyPair;
      const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
      const pair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
      return (await records.add('deviceKey', pair)) as CryptoKeyPair;
    },
    getSession: async () => sessionSchema.safeParse(await records.get('session')).data,
    setSession: (session) => records.put('session', session),
    getEndingSession: async () => sessionSchema.safeParse(await records.get('endingSession')).data,
    setEndingSession: (session) => records.put('endingSession', session),
    getLastApplication: async () =>
      applicationSchema.safeParse(await records.get('lastApplication')).data,
    setLastApplication: (application) => records.put('lastApplication', application),
    getAskAgain: async () => (await records.get('askAgain')) === true,
    setAskAgain: (askAgain) => records.put('askAgain', askAgain),
  };
}

const OBJECT_STORE = 'records';

export async function openLoginRecords(): Promise<LoginRecords> {
  const database = await openDB('postern-login', 1, {
    upgrade: (db) => {
      db.createObjectStore(OBJECT_STORE);
    },
  });
  return {
    get: (name) => database.get(OBJECT_STORE, name),
    put: async (name, value) => {
      await database.put(OBJECT_STORE, value, name);
    },
    async add(name, value) {
      const { store, done } = database.transaction(OBJECT_STORE, 'readwrite');
      const held: unknown = await store.get(name);
      if (held === undefined) await store.put(value, name);
      await done;
      return held ?? value;
    },
  };
}
