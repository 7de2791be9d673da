import { AppError, isAppError } from '@postern/shared/errors';
import type { Command } from 'commander';
import type { EdgeClient } from '../client/edge-client.ts';
import { resolveId } from '../client/resolve.ts';
import { examples } from '../commands/option-forms.ts';
import { entityKinds, type EntityKind } from '../entities/index.ts';
import { printable } from '../terminal/printable.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withClient, withSession, type SessionFlags } from './session.ts';

interface DeleteFlags extends SessionFlags {
  ignoreMissing?: boolean;
  yes?: boolean;
}

/** `postern edge delete …` */
export function addDeleteCommand(edge: Command, terminal: Terminal): void {
  const remove = edge
    .command('delete')
    .description('Delete entities, by name or by a filter')
    .addHelpText(
      'after',
      examples(
        'postern edge delete service wiki',
        `postern edge delete identities where 'name contains "test"'`,
      ),
    );
  for (const kind of entityKinds.filter(({ verbs }) => verbs.includes('delete'))) {
    const command = remove
      .command(kind.singular)
      .aliases([kind.plural, ...(kind.aliases ?? [])])
      .description(kind.help)
      .usage(`[options] <${kind.singular}...> | where <filter>`)
      .argument('<which...>', `${kind.named ? 'ids or names' : 'ids'}, or: where <filter>`)
      .option('--ignore-missing', 'do nothing about those that do not exist')
      .option('-y, --yes', 'with where: do not ask');
    withSession(command).action(async (which: string[], flags: DeleteFlags) => {
      await withClient(terminal, flags, (client) =>
        deleteEach(client, terminal, kind, which, flags),
      );
    });
  }
}

async function deleteEach(
  client: EdgeClient,
  terminal: Terminal,
  kind: EntityKind,
  which: string[],
  flags: DeleteFlags,
): Promise<void> {
  const ids =
    which[0] === 'where' ? await findWhere(client, terminal, kind, which.slice(1), flags) : [];
  if (which[0] !== 'where') {
    for (const wanted of which) {
      try {
        ids.push({ id: await resolveId(client, kind, wanted), label: wanted });
      } catch (error) {
        if (!(flags.ignoreMissing && isAppError(error, 'ERR_CLI_NOT_FOUND'))) throw error;
      }
    }
  }
  for (const { id, label } of ids) {
    await client.call('DELETE', `${kind.path}/${id}`);
    if (!flags.json) terminal.out(printable(`Deleted ${kind.singular} ${label}\n`));
  }
  if (flags.json)
    terminal.out(`${JSON.stringify({ data: ids.map(({ id }) => ({ id })), meta: {} })}\n`);
}

/** What a filter finds, after a person agreed to its deletion. */
async function findWhere(
  client: EdgeClient,
  terminal: Terminal,
  kind: EntityKind,
  words: string[],
  { yes = false }: DeleteFlags,
): Promise<{ id: string; label: string }[]> {
  const filter = words.join(' ');
  if (filter === '')
    throw new AppError(
      'ERR_CLI_USAGE',
      'After "where" comes a filter, such as: name contains "test"',
    );
  const found: { id: string; label: string }[] = [];
  for await (const row of client.all(kind.path, { filter })) {
    found.push({ id: String(row['id']), label: String(row['name'] ?? row['id']) });
  }
  if (yes || found.length === 0) return found;
  terminal.err(printable(found.map(({ label }) => `  ${label}\n`).join('')));
  const answer = await terminal.ask(`Delete these ${found.length} ${kind.plural}? (yes/no) `);
  if (answer.trim().toLowerCase() !== 'yes')
    throw new AppError('ERR_CLI_CANCELLED', 'Nothing deleted');
  return found;
}
