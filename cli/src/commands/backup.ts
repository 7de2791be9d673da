/** `postern controller backup` and `restore`: the database of a controller, also while it runs. */
import { silentLogger } from '@postern/shared/log';
import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { examples } from './option-forms.ts';
import { sources, withConfig } from './part-commands.ts';

interface Flags {
  config?: string;
  set?: string[];
}

export function addBackupCommands(controller: Command, terminal: Terminal): void {
  const options = { logger: silentLogger };
  withConfig(controller.command('backup').description('Write the database to a new file'))
    .requiredOption('--out <file>', 'the backup; it must not exist')
    .addHelpText(
      'after',
      examples('postern controller backup --config controller.yaml --out monday.backup'),
    )
    .action(async ({ out, ...flags }: Flags & { out: string }) => {
      const { backUpController } = await import('@postern/controller');
      const rows = await backUpController(await load(flags), out, options);
      terminal.out(
        `${rows} rows written to ${out}; keep the folders pki, keys and audit with it\n`,
      );
    });
  withConfig(controller.command('restore').description('Fill an empty database from a backup'))
    .requiredOption('--in <file>', 'the backup')
    .addHelpText(
      'after',
      examples('postern controller restore --config controller.yaml --in monday.backup'),
    )
    .action(async ({ in: file, ...flags }: Flags & { in: string }) => {
      const { restoreController } = await import('@postern/controller');
      const rows = await restoreController(await load(flags), file, options);
      terminal.out(`${rows} rows restored from ${file}\n`);
    });
}

/** Loads the controller's code only now: other commands need not wait for it. */
async function load(flags: Flags) {
  const { controllerConfigSchema } = await import('@postern/controller');
  return loadConfig('controller', controllerConfigSchema, sources(flags));
}
