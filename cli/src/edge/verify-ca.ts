import { createPrivateKey, type KeyObject } from 'node:crypto';
import { AppError } from '@postern/shared/errors';
import type { Command } from 'commander';
import { resolveId } from '../client/resolve.ts';
import { examples } from '../commands/option-forms.ts';
import { kindAt } from '../entities/index.ts';
import { printable } from '../terminal/printable.ts';
import { readFileBounded, readSecret } from '../terminal/read-value.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withClient, withSession, type SessionFlags } from './session.ts';

interface VerifyFlags extends SessionFlags {
  cert?: string;
  cacert?: string;
  cakey?: string;
  passphraseFile?: string;
}

/** `postern edge verify ca`: proves to the controller that one holds the key of an authority. */
export function addVerifyCommand(edge: Command, terminal: Terminal): void {
  const verify = edge.command('verify').description('Prove something to the controller');
  withSession(
    verify
      .command('ca')
      .description(
        'prove that you hold the key of a certificate authority, before its certificates count',
      )
      .argument('<ca>', 'id or name')
      .option(
        '-c, --cert <file>',
        'a certificate of it whose common name is the verification token',
      )
      .option('-a, --cacert <file>', 'or make that here: its certificate')
      .option('-k, --cakey <file>', 'and its key, which stays here')
      .option(
        '--passphrase-file <file>',
        'of an encrypted key; -: standard input (default: asked for)',
      ),
  )
    .addHelpText(
      'after',
      examples('postern edge verify ca partner --cacert partner.crt --cakey partner.key'),
    )
    .action(async (wanted: string, flags: VerifyFlags) => {
      const { cert, cacert, cakey } = flags;
      if (cert === undefined && (cacert === undefined || cakey === undefined)) {
        throw new AppError(
          'ERR_CLI_USAGE',
          'Give --cert <file>, or --cacert <file> and --cakey <file>',
        );
      }
      await withClient(terminal, flags, async (client) => {
        const id = await resolveId(client, kindAt('cas'), wanted);
        let proof: string;
        if (cert !== undefined) proof = await readFileBounded(cert);
        else {
          const { verificationToken } = await client.detail(`cas/${id}`);
          if (typeof verificationToken !== 'string' || verificationToken === '') {
            throw new AppError('ERR_CLI_API', `The authority ${wanted} is verified already`);
          }
          const key = await readKey(terminal, cakey ?? '', flags.passphraseFile);
          const { signVerification } = await import('./sign-verification.ts');
          proof = await signVerification(
            await readFileBounded(cacert ?? ''),
            key,
            verificationToken,
          );
        }
        await client.call('POST', `cas/${id}/verify`, { body: proof, contentType: 'text/plain' });
        terminal.out(printable(`Verified ca ${wanted}\n`));
      });
    });
}

async function readKey(
  terminal: Terminal,
  path: string,
  passphraseFile: string | undefined,
): Promise<KeyObject> {
  const key = await readFileBounded(path);
  const isEncrypted = key.includes('ENCRYPTED');
  try {
    return createPrivateKey(
      isEncrypted
        ? { key, passphrase: await readSecret(terminal, `Passphrase of ${path}`, passphraseFile) }
        : key,
    );
  } catch (cause) {
    throw new AppError('ERR_CLI_INPUT', `Cannot read the private key in ${path}`, { cause });
  }
}
