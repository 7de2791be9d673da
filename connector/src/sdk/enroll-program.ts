import { enroll } from '../enroll/enroll.ts';
import { writeIdentity, type Identity } from '../enroll/identity-file.ts';

export interface EnrollOptions {
  /** The enrollment token (JWT), good for one use. */
  readonly token: string;
  /** Where the identity file goes, mode 0600. Default: nowhere, it is only returned. */
  readonly file?: string;
}

/**
 * Spends an enrollment token for an identity: makes a key here and gets a certificate for it. SDKs of
 * OpenZiti read the file too.
 *
 * @throws AppError `ERR_ENROLL_TOKEN` (not acceptable), `ERR_ENROLL_REFUSED`, `ERR_CONTROLLER_UNREACHABLE`
 */
export async function enrollProgram({ token, file }: EnrollOptions): Promise<Identity> {
  const identity = await enroll(token.trim());
  if (file !== undefined) await writeIdentity(file, identity);
  return identity;
}
