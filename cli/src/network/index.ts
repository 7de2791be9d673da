import { AppError } from '@postern/shared/errors';
import { writeDurably } from '@postern/node/files';
import type { Command } from 'commander';
import { examples } from '../commands/option-forms.ts';
import { withClient, withSession, type SessionFlags } from '../edge/session.ts';
import { printable } from '../terminal/printable.ts';
import { readFileBounded } from '../terminal/read-value.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { applyChanges } from './apply.ts';
import { describeChange } from './describe-change.ts';
import { MAX_DOCUMENT_BYTES, parseNetworkDocument, writeDocument } from './document.ts';
import { planChanges, type Change } from './plan.ts';
import { readNetwork } from './read-network.ts';

interface ImportFlags extends SessionFlags {
  dryRun?: boolean;
  prune?: boolean;
}

/** `postern export` and `postern import`: a whole network as one file. */
export function addNetworkCommands(program: Command, terminal: Terminal): void {
  program
    .command('export')
    .summary('write the whole network down as YAML')
    .description(
      'Writes identities, services, policies and everything else an operator chose as YAML, names for references, the same network as the same text. No password, token or key is in it.',
    )
    .argument('[file]', 'where to; -: standard output (default)')
    .option('-i, --profile <name>', 'which sign-in to use (default: see "postern edge use")')
    .addHelpText(
      'after',
      examples(
        'postern export network.yaml',
        'postern export | git diff --no-index network.yaml -',
      ),
    )
    .action(async (file: string | undefined, flags: SessionFlags) => {
      const text = await withClient(terminal, flags, async (client) =>
        writeDocument(await readNetwork(client)),
      );
      if (file === undefined || file === '-') terminal.out(text);
      else await writeDurably(file, text, 0o644);
    });

  withSession(
    program
      .command('import')
      .summary('bring the network to what a file says')
      .description(
        'Creates and updates what differs from the file and leaves all else; a second run changes nothing. Stops at the first change the controller refuses and says how far it came.',
      )
      .argument('<file>', 'what "postern export" writes; -: standard input')
      .option('-n, --dry-run', 'only show what would change')
      .option('--prune', 'also delete what the file does not have, of the kinds it names'),
  )
    .addHelpText(
      'after',
      examples('postern import network.yaml --dry-run', 'postern import network.yaml --prune'),
    )
    .action(async (file: string, flags: ImportFlags) => {
      const text =
        file === '-' ? await terminal.readInput() : await readFileBounded(file, MAX_DOCUMENT_BYTES);
      const document = parseNetworkDocument(text);
      await withClient(terminal, flags, async (client) => {
        const network = await readNetwork(client);
        const changes = planChanges(network, document, { prune: flags.prune ?? false });
        if (flags.dryRun) {
          if (flags.json) terminal.out(`${JSON.stringify(changes.map(summaryOf))}\n`);
          else for (const change of changes) terminal.out(printable(describeChange(change, true)));
          terminal.err(`${count(changes)}; nothing was changed\n`);
          return;
        }
        const { done, failed } = await applyChanges(client, network, changes, (change) => {
          terminal.out(
            flags.json
              ? `${JSON.stringify(summaryOf(change))}\n`
              : printable(describeChange(change, false)),
          );
        });
        if (failed) {
          throw new AppError(
            'ERR_CLI_IMPORT',
            printable(
              `Stopped at "${describeChange(failed.change, false).trim()}": ${failed.reason}. ${done} of ${changes.length} changes are done, ${changes.length - done} are not; correct the file and run the import again`,
            ),
          );
        }
        terminal.err(`${count(changes)}\n`);
      });
    });
}

function summaryOf({ action, kind, name, ...rest }: Change): Record<string, unknown> {
  return { action, kind: kind.key, name, ...('values' in rest && { values: rest.values }) };
}

function count(changes: readonly Change[]): string {
  const of = (action: Change['action']) =>
    changes.filter((change) => change.action === action).length;
  return changes.length === 0
    ? 'Nothing differs'
    : `${of('create')} to create, ${of('update')} to update, ${of('delete')} to delete`;
}
