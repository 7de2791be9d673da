/** Who this router is: key and certificates in the state folder. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';
import { certificateIdentity } from '../net/peer-identity.ts';

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

const FILE = 'identity.json';

/** @returns `undefined` when there is none yet. @throws AppError `ERR_ROUTER_IDENTITY` */
export async function readIdentity(stateDir: string): Promise<RouterIdentity | undefined> {
  const path = join(stateDir, FILE);
  try {
    return identitySchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new AppError('ERR_ROUTER_IDENTITY', `${path} is not readable as a router identity`, {
      cause,
    });
  }
}

/** Writes with mode 0600, whole or not at all, in a folder of mode 0700. */
export async function writeIdentity(stateDir: string, identity: RouterIdentity): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const path = join(stateDir, FILE);
  await writeFile(`${path}.new`, JSON.stringify(identity), { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
}

/** Router id and trust domain as the client certificate states them. @throws AppError `ERR_PEER_IDENTITY` */
export function routerName(identity: RouterIdentity): { routerId: string; trustDomain: string } {
  const { role, id, trustDomain } = certificateIdentity(new X509Certificate(identity.clientCert));
  if (role !== 'router')
    throw new AppError('ERR_PEER_IDENTITY', 'our certificate is not a router’s');
  return { routerId: id, trustDomain };
}
