import {
  beginEnrollment,
  createCertificateRequest,
  generateCertificateKeys,
  privateKeyPem,
  type Enrollment,
} from '@postern/node/enroll';
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';
import { printable } from '../terminal/printable.ts';
import { readFileBounded, readSecret, readValue } from '../terminal/read-value.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { writeIdentityFile } from './identity-file.ts';

/** Options of `postern edge enroll`. */
export interface EnrollFlags {
  out?: string;
  cert?: string;
  key?: string;
  name?: string;
  passwordFile?: string;
  extJwt?: string;
}

/**
 * Spends a token as its method asks for it: for an identity file, or a password.
 *
 * @param file the token's; `-`: standard input
 * @throws AppError `ERR_CLI_USAGE`, `ERR_CLI_INPUT`, and as `beginEnrollment`
 */
export async function redeemToken(
  terminal: Terminal,
  file: string,
  flags: EnrollFlags,
): Promise<void> {
  const token = (await readValue(terminal, file === '-' ? '-' : `@${file}`)).trim();
  const enrollment = await beginEnrollment(token);
  switch (enrollment.method) {
    case 'erott':
      throw new AppError(
        'ERR_CLI_USAGE',
        'This is a router’s token: spend it with "postern router enroll --config <file> --jwt <file>"',
      );
    case 'updb': {
      const password = await readSecret(terminal, 'New password', flags.passwordFile);
      const body = JSON.stringify({ password });
      const answer = await enrollment.redeemWith({ contentType: 'application/json', body });
      const { username } = z.object({ username: z.string() }).parse(answer);
      terminal.out(printable(`Enrolled: sign in as ${username}\n`));
      return;
    }
    case 'ott':
    case 'ottca':
    case 'ca':
    case 'network': {
      const out = flags.out ?? (file === '-' ? undefined : file.replace(/(\.jwt)?$/, '.json'));
      if (out === undefined)
        throw new AppError('ERR_CLI_USAGE', 'Say with --out where the identity file goes');
      const { key, cert } = await obtainCertificate(terminal, enrollment, flags);
      await writeIdentityFile(out, {
        apiUrl: enrollment.apiUrl,
        key,
        cert,
        ca: enrollment.ca,
        controlAddresses: enrollment.controlAddresses,
      });
      terminal.out(printable(`Enrolled: identity file written to ${out}\n`));
    }
  }
}

/** Key and certificate that sign in from now on. */
async function obtainCertificate(
  terminal: Terminal,
  enrollment: Enrollment,
  flags: EnrollFlags,
): Promise<{ key: string; cert: string }> {
  const json = 'application/json';
  if (enrollment.method === 'ottca' || enrollment.method === 'ca') {
    const certificate = await readCertificate(flags);
    const body = JSON.stringify(flags.name === undefined ? {} : { name: flags.name });
    await enrollment.redeemWith({ contentType: json, body, certificate });
    return certificate;
  }
  const keys = await generateCertificateKeys();
  const request = await createCertificateRequest(keys, enrollment.id || flags.name || 'postern');
  if (enrollment.method === 'ott') {
    const { cert } = await enrollment.redeem('application/x-pem-file', request);
    return { key: privateKeyPem(keys), cert };
  }
  if (flags.extJwt === undefined) {
    throw new AppError(
      'ERR_CLI_USAGE',
      'A network token also needs --ext-jwt <file>, a token of an identity provider',
    );
  }
  const bearer = (await readSecret(terminal, 'Token', flags.extJwt)).trim();
  const body = JSON.stringify({ clientCsr: request });
  const answer = z
    .object({ cert: z.string().optional() })
    .parse(await enrollment.redeemWith({ contentType: json, body, bearer }));
  if (answer.cert === undefined) {
    throw new AppError(
      'ERR_CLI_API',
      'The identity was made, without certificate: sign in with "postern edge login --ext-jwt"',
    );
  }
  return { key: privateKeyPem(keys), cert: answer.cert };
}

async function readCertificate({ cert, key }: EnrollFlags): Promise<{ cert: string; key: string }> {
  if (cert === undefined || key === undefined) {
    throw new AppError(
      'ERR_CLI_USAGE',
      'This token also needs a certificate of its authority: --cert <file> and --key <file>',
    );
  }
  const [certPem, keyPem] = await Promise.all([readFileBounded(cert), readFileBounded(key)]);
  return { cert: certPem, key: keyPem };
}
