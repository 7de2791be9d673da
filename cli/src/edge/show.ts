import type { Command } from 'commander';
import { stringify } from 'yaml';
import { resolveId } from '../client/resolve.ts';
import { examples } from '../commands/option-forms.ts';
import { entityKinds, memberAt } from '../entities/index.ts';
import { printable } from '../terminal/printable.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withClient, withSession, type SessionFlags } from './session.ts';

/** `postern edge show …`: one entity whole, as YAML. */
export function addShowCommand(edge: Command, terminal: Terminal): void {
  const show = edge
    .command('show')
    .description('Show one entity with all its members')
    .addHelpText(
      'after',
      examples('postern edge show identity ann', 'postern edge show config wiki-host -j'),
    );
  for (const kind of entityKinds.filter(({ verbs }) => verbs.includes('show'))) {
    const command = show
      .command(kind.singular)
      .description(kind.help)
      .argument(`<${kind.singular}>`, kind.named ? 'id or name' : 'id');
    for (const alias of kind.aliases ?? []) if (!alias.endsWith('s')) command.alias(alias);
    withSession(command).action(async (wanted: string, flags: SessionFlags) => {
      await withClient(terminal, flags, async (client) => {
        const id = await resolveId(client, kind, wanted);
        const { text, data } = await client.call('GET', `${kind.path}/${id}`);
        if (flags.json) {
          terminal.out(`${text}\n`);
          return;
        }
        printYaml(terminal, kind.essence === undefined ? data : memberAt(data, kind.essence));
      });
    });
  }
}

/** A value for people to read, without the links of the API. */
export function printYaml(terminal: Terminal, value: unknown): void {
  const withoutLinks = JSON.parse(
    JSON.stringify(value ?? {}, (key, member: unknown) => (key === '_links' ? undefined : member)),
  ) as unknown;
  terminal.out(printable(stringify(withoutLinks, { lineWidth: 0 })));
}
