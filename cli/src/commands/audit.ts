/** `postern audit verify`: whether the audit log is what was written, offline. */
import type { AuditVerdict } from '@postern/controller';
import { AppError } from '@postern/shared/errors';
import { silentLogger } from '@postern/shared/log';
import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { examples, repeatable } from './option-forms.ts';
import { sources, withConfig } from './part-commands.ts';

interface VerifyFlags {
  config?: string;
  set?: string[];
  file?: string;
  heads?: string[];
  key?: string[];
  json?: boolean;
}

export function addAuditCommand(program: Command, terminal: Terminal): void {
  const summary = 'the audit log: who changed what, and who was let in';
  const audit = program.command('audit').summary(summary).description(summary);
  withConfig(
    audit
      .command('verify')
      .description('Find records that were changed, removed, reordered or cut off'),
  )
    .option('--file <file>', 'an export (JSON lines) instead of the controller’s own store')
    .addOption(repeatable('--heads <file>', 'signed heads; of several controllers: all of them'))
    .addOption(repeatable('--key <file>', 'public audit key (JWK); one for each controller'))
    .option('-j, --json', 'the verdict as JSON')
    .addHelpText(
      'after',
      examples(
        'postern audit verify --config controller.yaml',
        'postern audit verify --file audit.jsonl --heads heads.jws --key public.jwk.json',
      ),
    )
    .action(async (flags: VerifyFlags) => {
      const verdict = await verify(flags);
      terminal.out(flags.json === true ? `${JSON.stringify(verdict, null, 2)}\n` : words(verdict));
      if (!verdict.ok)
        throw new AppError('ERR_AUDIT_NOT_VERIFIED', 'the audit log is not what was written');
    });
}

/** Loads the controller's code only now: other commands need not wait for it. */
async function verify({ file, heads = [], key: keys = [], ...flags }: VerifyFlags) {
  const { controllerConfigSchema, verifyAuditExport, verifyAuditStore } =
    await import('@postern/controller');
  if (file !== undefined) {
    if (heads.length === 0 || keys.length === 0)
      throw new AppError(
        'ERR_CLI_USAGE',
        '--file needs --heads and --key: they are what vouches for it',
      );
    return verifyAuditExport(file, { heads, keys });
  }
  const config = await loadConfig('controller', controllerConfigSchema, sources(flags));
  return verifyAuditStore(config, { logger: silentLogger, also: { heads, keys } });
}

function words({ ok, records, head, heads, unsigned, problems }: AuditVerdict): string {
  const lines = [
    `${records} records, the last with hash ${head.hash.slice(0, 16)}…; ${heads} signed heads`,
    ...(unsigned > 0 ? [`the last ${unsigned} are not signed yet`] : []),
    ...problems.map(({ code, message }) => `${code}: ${message}`),
    ok ? 'verified' : 'NOT verified',
  ];
  return `${lines.join('\n')}\n`;
}
