/** The identity file, in the JSON shape of OpenZiti's SDKs so that either can use the other's. */
import type { Renewable } from '@postern/node/enroll';
import { readIfPresent, writeDurably } from '@postern/node/files';
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';

const pem = z
  .string()
  .startsWith('pem:', 'must begin with pem:')
  .transform((text) => text.slice(4));

const identityFileSchema = z.object({
  ztAPI: z.string(),
  id: z.object({ key: pem, cert: pem, ca: pem }),
  /** Ours: `tls:host:port` of each control listener that the enrollment token named. */
  posternControl: z
    .union([z.string().transform((address) => [address]), z.array(z.string()).max(16)])
    .default([]),
});

/** What a running connector has now. */
export type OwnIdentity = Renewable<Identity>;
/** Who this connector is: PEM texts, private key included. */
export interface Identity {
  /** Base URL of the Client API. */
  apiUrl: string;
  key: string;
  /** Leaf first. */
  cert: string;
  ca: string;
  controlAddresses: string[];
}

/** @returns `undefined` when there is none yet. Throws `ERR_CONNECTOR_IDENTITY_FILE` for another shape. */
export async function readIdentity(path: string): Promise<Identity | undefined> {
  const text = await readIfPresent(path);
  if (text === undefined) return undefined;
  const parsed = identityFileSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new AppError('ERR_CONNECTOR_IDENTITY_FILE', `${path} is not an identity file`);
  }
  const { ztAPI, id, posternControl } = parsed.data;
  return { apiUrl: ztAPI, ...id, controlAddresses: posternControl };
}

/** Writes with mode 0600, whole or not at all. */
export async function writeIdentity(path: string, identity: Identity): Promise<void> {
  const file = {
    ztAPI: identity.apiUrl,
    ztAPIs: [],
    id: { key: `pem:${identity.key}`, cert: `pem:${identity.cert}`, ca: `pem:${identity.ca}` },
    configTypes: [],
    posternControl: identity.controlAddresses,
  };
  await writeDurably(path, JSON.stringify(file, undefined, 2));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
