import { createHash } from 'node:crypto';
import type { SecureSession } from '@postern/shared/protocol/session';
import { request } from '../../harness/connector-client.ts';
import { streamHash } from '../stream-bytes.ts';

const BYTES = 50_000;

/** One small download over the session. @throws Error when its bytes are not those with that seed */
export async function checkSession(session: SecureSession, seed: number): Promise<void> {
  const bytes = await (await request(session, `/?seed=${seed}&bytes=${BYTES}`)).bytes();
  if (createHash('sha256').update(bytes).digest('hex') !== streamHash(seed, BYTES))
    throw new Error(`stream ${seed}: wrong hash`);
}
