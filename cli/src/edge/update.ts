import { AppError } from '@postern/shared/errors';
import type { Command } from 'commander';
import { resolveId } from '../client/resolve.ts';
import { examples } from '../commands/option-forms.ts';
import { entityKinds, type EntityKind, type Form } from '../entities/index.ts';
import { printable } from '../terminal/printable.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { addAuthenticatorUpdates } from './authenticators.ts';
import { addFields, buildBody } from './fields.ts';
import { addIdentityConfigs } from './identity-actions.ts';
import { withClient, withSession, type SessionFlags } from './session.ts';

interface UpdateFlags extends SessionFlags, Record<string, unknown> {
  name?: string;
}

/** `postern edge update …`: sends the members named, leaves all others. */
export function addUpdateCommand(edge: Command, terminal: Terminal): void {
  const update = edge
    .command('update')
    .description('Change the members named, leave all others')
    .addHelpText(
      'after',
      examples(
        'postern edge update identity ann -a staff,ops',
        `postern edge update service-policy wiki-dial --identity-roles '#ops'`,
        'postern edge update ext-jwt-signer idp --no-enabled',
      ),
    );
  for (const kind of entityKinds.filter(({ verbs }) => verbs.includes('update'))) {
    const group = update.command(kind.singular).description(kind.help);
    for (const alias of kind.aliases ?? []) if (!alias.endsWith('s')) group.alias(alias);
    for (const form of kind.forms ?? []) {
      addForm(
        form.word === undefined ? group : group.command(form.word).description(form.help ?? ''),
        terminal,
        kind,
        form,
      );
    }
  }
  addAuthenticatorUpdates(update, terminal);
  addIdentityConfigs(update, terminal);
}

function addForm(command: Command, terminal: Terminal, kind: EntityKind, form: Form): void {
  command.argument(`<${kind.singular}>`, kind.named ? 'id or name' : 'id');
  if (kind.named) command.option('-n, --name <name>', 'a new name');
  addFields(command, form, 'update');
  withSession(command).action(async (wanted: string, flags: UpdateFlags) => {
    await withClient(terminal, flags, async (client) => {
      const body = await buildBody(client, terminal, form, 'update', [], flags);
      if (flags.name !== undefined) body['name'] = flags.name;
      if (Object.keys(body).length === Object.keys(form.constants ?? {}).length) {
        throw new AppError(
          'ERR_CLI_USAGE',
          'Nothing to change: name at least one option (see --help)',
        );
      }
      const id = await resolveId(client, kind, wanted);
      const { text } = await client.call('PATCH', `${kind.path}/${id}`, { body });
      terminal.out(flags.json ? `${text}\n` : printable(`Updated ${kind.singular} ${wanted}\n`));
    });
  });
}
