/** What a router or connector keeps of its enrolment, as far as a diagnosis needs it. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import { reasonOf, type Finding } from './finding.ts';

const pem = z.string().transform((text) => text.replace(/^pem:/, ''));
/** A router's file, or a connector's in OpenZiti's shape. */
const fileSchema = z.union([
  z
    .object({ clientCert: pem, ca: pem, controllers: z.array(z.string()) })
    .transform(({ clientCert, ca, controllers }) => ({ cert: clientCert, ca, controllers })),
  z
    .object({
      id: z.object({ cert: pem, ca: pem }),
      posternControl: z.array(z.string()).default([]),
    })
    .transform(({ id, posternControl }) => ({ ...id, controllers: posternControl })),
]);
const tokenSchema = z.object({ ctrls: z.array(z.string()).default([]), exp: z.number() });

export interface PartIdentity {
  findings: Finding[];
  ca?: string;
  /** `tls:host:port` */
  controllers: string[];
}

export async function readPartIdentity(
  stateDir: string,
  enrollmentJwtFile: string | undefined,
): Promise<PartIdentity> {
  const file = join(stateDir, 'identity.json');
  const finding = { check: 'identity' as const, subject: file };
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return readToken(enrollmentJwtFile);
  try {
    const { cert, ca, controllers } = fileSchema.parse(JSON.parse(text));
    const { validTo } = new X509Certificate(cert);
    const isOver = Date.parse(validTo) <= Date.now();
    const message = `enrolled; its certificate ${isOver ? 'ended' : 'is good until'} ${validTo}`;
    const action = 'Enrol it again (docs/operations.md): it was away until its certificate ended.';
    const status = isOver ? 'failed' : 'ok';
    return {
      findings: [{ ...finding, status, message, ...(isOver && { action }) }],
      ca,
      controllers,
    };
  } catch {
    const action = 'Restore it from a backup, or remove it and enrol again.';
    return {
      findings: [{ ...finding, status: 'failed', message: 'is not an identity file', action }],
      controllers: [],
    };
  }
}

async function readToken(path: string | undefined): Promise<PartIdentity> {
  const action = 'Get a new token: `postern edge re-enroll edge-router NAME`, or of the identity.';
  const finding = { check: 'identity' as const, subject: path ?? 'enrollmentJwtFile' };
  const failed = (message: string): PartIdentity => ({
    findings: [{ ...finding, status: 'failed', message, action }],
    controllers: [],
  });
  if (path === undefined) return failed('not enrolled, and no enrollment token is configured');
  try {
    const { ctrls, exp } = tokenSchema.parse(decodeJwt((await readFile(path, 'utf8')).trim()));
    if (exp * 1000 <= Date.now())
      return { ...failed('the enrollment token has expired'), controllers: ctrls };
    const message = `not enrolled yet; its token is good until ${new Date(exp * 1000).toISOString()}`;
    return { findings: [{ ...finding, status: 'ok', message }], controllers: ctrls };
  } catch (error) {
    return failed(`not enrolled, and its token cannot be read (${reasonOf(error)})`);
  }
}
