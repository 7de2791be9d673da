import type { Encryption } from '@postern/shared/schemas';
import {
  boolean,
  defineTable,
  entityColumns,
  json,
  number,
  optionalText,
  secretText,
  strings,
  text,
  type RowOf,
} from './table.ts';
import type { Precedence } from './identities.ts';

/** What identities dial and bind. */
export const services = defineTable('services', {
  ...entityColumns,
  name: text(),
  encryptionRequired: boolean(),
  /** Which encryptions its circuits may use. */
  acceptedEncryption: strings<Encryption>(),
  terminatorStrategy: text(),
  maxIdleTimeMillis: number(),
  roleAttributes: strings(),
  /** Config ids. */
  configs: strings(),
});
export type Service = RowOf<typeof services>;

export const configTypes = defineTable('configTypes', {
  ...entityColumns,
  name: text(),
  schema: json<Record<string, unknown>>(),
  target: optionalText(),
});

export const configs = defineTable('configs', {
  ...entityColumns,
  name: text(),
  configTypeId: text(),
  data: json<Record<string, unknown>>(),
});

/** An instance of a service at a router. */
export const terminators = defineTable('terminators', {
  ...entityColumns,
  serviceId: text(),
  routerId: text(),
  /** The hosting identity; empty for terminators made by hand. */
  hostId: text(),
  binding: text(),
  address: text(),
  /** Instance id. */
  identity: text(),
  /** Of terminators made by hand; of hosts', the hash that stands for it ({@link Entity} `instanceProof`). */
  identitySecret: secretText(),
  cost: number(),
  precedence: text<Precedence>(),
  /** How its host encrypts. */
  encryption: text<Encryption>(),
});
export type Terminator = RowOf<typeof terminators>;

/** A browser origin shown by the gateway, bound to one service. */
export const applications = defineTable('applications', {
  ...entityColumns,
  name: text(),
  /** Exact origin, for example `https://wiki.example.com`. */
  origin: text(),
  serviceId: text(),
  loginMethods: strings<'ext-jwt' | 'password' | 'passkey'>(),
  /** External JWT signers offered; empty: every enabled one. */
  signerIds: strings(),
  /** Sign-in session length, hours, at most 12. */
  sessionHours: number(),
});
export type Application = RowOf<typeof applications>;
