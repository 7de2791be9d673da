/** Who this router is: key and certificates in the state folder. */
import type { Renewable } from '@postern/node/enroll';
import { join } from 'node:path';
import { readIfPresent, writeDurably } from '@postern/node/files';
import { certificateIdentity } from '@postern/node/tls';
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';

const pem = z.string().startsWith('-----BEGIN ');
const identitySchema = z.strictObject({
  key: pem,
  /** Chains, leaf first. */
  clientCert: pem,
  serverCert: pem,
  /** The authorities all parts of this network are issued by. */
  ca: pem,
  /** `tls:host:port` of the controllers' control listeners. */
  controllers: z.array(z.string()).max(16),
});
/** PEM texts, private key included. */
export type RouterIdentity = z.infer<typeof identitySchema>;
/** What a running router has now. */
export type OwnIdentity = Renewable<RouterIdentity>;

const FILE = 'identity.json';

/** @returns `undefined` when there is none yet. @throws AppError `ERR_ROUTER_IDENTITY` */
export async function readIdentity(stateDir: string): Promise<RouterIdentity | undefined> {
  const path = join(stateDir, FILE);
  try {
    const text = await readIfPresent(path);
    return text === undefined ? undefined : identitySchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError('ERR_ROUTER_IDENTITY', `${path} is not readable as a router identity`, {
      cause,
    });
  }
}

/** Writes whole or not at all, readable by the owner only. */
export async function writeIdentity(stateDir: string, identity: RouterIdentity): Promise<void> {
  await writeDurably(join(stateDir, FILE), JSON.stringify(identity));
}

/** Router id and trust domain as the client certificate states them. @throws AppError `ERR_PEER_IDENTITY` */
export function routerName(identity: RouterIdentity): { routerId: string; trustDomain: string } {
  const { role, id, trustDomain } = certificateIdentity(identity.clientCert);
  if (role !== 'router')
    throw new AppError('ERR_PEER_IDENTITY', 'our certificate is not a router’s');
  return { routerId: id, trustDomain };
}
