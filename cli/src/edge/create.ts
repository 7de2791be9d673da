import type { Command } from 'commander';
import { AppError } from '@postern/shared/errors';
import { writeDurably } from '@postern/node/files';
import type { EdgeClient, Row } from '../client/edge-client.ts';
import { examples } from '../commands/option-forms.ts';
import { entityKinds, memberAt, type EntityKind, type Form } from '../entities/index.ts';
import { printable } from '../terminal/printable.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { addAuthenticatorCreation } from './authenticators.ts';
import { addFields, buildBody } from './fields.ts';
import { withClient, withSession, type SessionFlags } from './session.ts';

interface CreateFlags extends SessionFlags, Record<string, unknown> {
  jwtOutputFile?: string;
  duration?: string;
}

/** Lifetime of an enrollment unless `--duration` says otherwise. */
const ENROLLMENT_MINUTES = '30';

/** `postern edge create …` */
export function addCreateCommand(edge: Command, terminal: Terminal): void {
  const create = edge
    .command('create')
    .description('Create an entity')
    .addHelpText(
      'after',
      examples(
        'postern edge create identity wiki-host -a wiki-hosts -o wiki-host.jwt',
        'postern edge create service wiki -a internal',
        `postern edge create service-policy wiki-dial Dial --semantic AnyOf --identity-roles '#staff' --service-roles @wiki`,
      ),
    );
  for (const kind of entityKinds.filter(({ verbs }) => verbs.includes('create'))) {
    const parent = (name: string) => create.command(name).description(kind.help);
    const group = kind.forms?.some(({ word }) => word !== undefined)
      ? parent(kind.singular)
      : undefined;
    for (const form of kind.forms ?? []) {
      const command =
        form.word === undefined
          ? parent(kind.singular)
          : group?.command(form.word).description(form.help ?? '');
      if (command) addForm(command, terminal, kind, form);
    }
    for (const alias of kind.aliases ?? []) {
      if (!alias.endsWith('s')) create.commands.at(-1)?.alias(alias);
    }
  }
  addAuthenticatorCreation(create, terminal);
}

function addForm(command: Command, terminal: Terminal, kind: EntityKind, form: Form): void {
  if (kind.named) command.argument('<name>', 'unique among its kind');
  addFields(command, form, 'create');
  if (kind.enrollmentToken) {
    command.option(
      '-o, --jwt-output-file <file>',
      'write the enrollment token there, for its owner alone',
    );
  }
  if (kind.path === 'enrollments') {
    command.option(
      '-d, --duration <minutes>',
      `how long it is valid (default: ${ENROLLMENT_MINUTES})`,
    );
  }
  withSession(command).action(async (...given: unknown[]) => {
    const words = given.slice(0, -2);
    const flags = given.at(-2) as CreateFlags;
    await withClient(terminal, flags, async (client) => {
      const [name, ...rest] = kind.named ? words : [undefined, ...words];
      const body = await buildBody(client, terminal, form, 'create', rest, flags);
      if (kind.named) body['name'] = name;
      complete(kind, body, flags);
      const { text, data } = await client.call('POST', kind.path, { body });
      const id = String(memberAt(data, 'id'));
      if (flags.json) terminal.out(`${text}\n`);
      else
        terminal.out(
          printable(
            `New ${kind.singular} ${kind.named ? `${String(name)} ` : ''}created with id: ${id}\n`,
          ),
        );
      if (flags.jwtOutputFile !== undefined)
        await writeToken(client, terminal, kind, id, flags.jwtOutputFile);
    });
  });
}

/** What follows from other members rather than from one option. */
function complete(kind: EntityKind, body: Row, flags: CreateFlags): void {
  if (kind.path === 'enrollments') {
    const minutes = Number(flags.duration ?? ENROLLMENT_MINUTES);
    if (!(minutes > 0))
      throw new AppError('ERR_CLI_USAGE', '--duration takes minutes, more than 0');
    body['expiresAt'] = new Date(Date.now() + minutes * 60_000).toISOString();
  }
  // People known to an identity provider need no token, unless one is asked for.
  const needsToken = body['externalId'] === undefined || flags.jwtOutputFile !== undefined;
  if (kind.path === 'identities' && body['enrollment'] === undefined && needsToken) {
    body['enrollment'] = { ott: true };
  }
}

/** @throws AppError `ERR_CLI_API` when there is no token to write */
export async function writeToken(
  client: EdgeClient,
  terminal: Terminal,
  kind: EntityKind,
  id: string,
  file: string,
): Promise<void> {
  const detail = await client.detail(`${kind.path}/${id}`);
  const token = (kind.enrollmentToken ?? []).map((path) => memberAt(detail, path)).find(Boolean);
  if (typeof token !== 'string') {
    throw new AppError('ERR_CLI_API', `This ${kind.singular} has no pending enrollment`);
  }
  await writeDurably(file, token);
  terminal.err(printable(`Enrollment token written to ${file}\n`));
}
