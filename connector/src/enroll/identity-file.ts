/** The identity file, in the JSON shape of OpenZiti's SDKs so that either can use the other's. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Renewable } from '@postern/node/enroll';
import { readIfPresent, writeDurably } from '@postern/node/files';
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';

/** `pem:` and the text itself, or `file:` and where it lies (a path or a `file://` URL). */
const pemOrFile = z.string().regex(/^(pem|file):./s, 'must begin with pem: or file:');

const identityFileSchema = z.object({
  ztAPI: z.string(),
  id: z.object({ key: pemOrFile, cert: pemOrFile, ca: pemOrFile }),
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
  const [key, cert, ca] = await Promise.all([
    readPem(path, id.key),
    readPem(path, id.cert),
    readPem(path, id.ca),
  ]);
  return { apiUrl: ztAPI, key, cert, ca, controlAddresses: posternControl };
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

/** Relative paths are meant from the identity file on. */
async function readPem(identityPath: string, value: string): Promise<string> {
  if (value.startsWith('pem:')) return value.slice('pem:'.length);
  try {
    const path = value.startsWith('file://')
      ? fileURLToPath(value)
      : resolve(dirname(identityPath), value.slice('file:'.length));
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AppError(
      'ERR_CONNECTOR_IDENTITY_FILE',
      `${identityPath} names a file that cannot be read`,
      {
        cause,
      },
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
