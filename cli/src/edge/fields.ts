/** Options and arguments made from the fields of an entity, and request bodies made from them. */
import { Argument, Option, type Command } from 'commander';
import { AppError } from '@postern/shared/errors';
import type { EdgeClient, Row } from '../client/edge-client.ts';
import { resolveId, resolveRoles } from '../client/resolve.ts';
import { kindAt, setMember, type Field, type Form } from '../entities/index.ts';
import { readValue } from '../terminal/read-value.ts';
import type { Terminal } from '../terminal/terminal.ts';

type Mode = 'create' | 'update';
type Values = Record<string, unknown>;

const tags: Field = {
  member: 'tags',
  flags: '--tags <key=value>',
  help: 'notes of your own',
  type: 'map',
};

/** Adds what a form takes to its command. */
export function addFields(command: Command, form: Form, mode: Mode): void {
  for (const field of fieldsOf(form, mode)) {
    if (isArgument(field, mode))
      command.addArgument(new Argument(field.argument ?? '', help(field)));
    else for (const option of optionsOf(field)) command.addOption(option);
  }
}

/** Fields that count in that mode: what stands by its place on `create` needs no option there. */
function fieldsOf({ fields }: Form, mode: Mode): Field[] {
  return [...fields, tags].filter(
    (field) => (field.on ?? mode) === mode && (mode === 'create' || field.flags !== undefined),
  );
}

function isArgument({ argument }: Field, mode: Mode): boolean {
  return argument !== undefined && mode === 'create';
}

function optionsOf({ flags = '', type, help: text, choices }: Field): Option[] {
  if (type === 'boolean') {
    const option = new Option(flags, text);
    const long = option.long ?? '';
    const opposite = long.startsWith('--no-') ? `--${long.slice(5)}` : `--no-${long.slice(2)}`;
    const other = new Option(opposite).hideHelp();
    // The positive one first: a lone `--no-x` would make x true when nothing is given.
    return option.negate ? [other, option] : [option, other];
  }
  const option = new Option(flags, help({ help: text, choices }));
  if (type === 'list' || type === 'map' || type === 'roles') {
    option.argParser((value: string, before: string[] | undefined) => [
      ...(before ?? []),
      ...value.split(',').filter((item) => item !== ''),
    ]);
  }
  return [option];
}

function help({
  help: text,
  choices,
}: Pick<Field, 'help'> & { choices?: readonly string[] | undefined }) {
  return choices ? `${text}: ${choices.join(', ')}` : text;
}

/** What was given for each field, in the order of arguments. */
function givenValues(form: Form, mode: Mode, words: readonly unknown[], options: Values) {
  const places = words.values();
  return fieldsOf(form, mode).flatMap((field) => {
    if (isArgument(field, mode)) {
      const { value } = places.next();
      return value === undefined ? [] : [{ field, value: value }];
    }
    const option = optionsOf(field).find(
      ({ negate }) => negate === (field.flags ?? '').includes('--no-'),
    );
    const value = options[option?.attributeName() ?? ''];
    return value === undefined ? [] : [{ field, value: option?.negate ? !value : value }];
  });
}

/**
 * The body that a command line asks for: constants, then what is given, names turned into ids; on
 * `create` also what fields send by themselves.
 * @throws AppError `ERR_CLI_USAGE` on a value of the wrong form, and as `resolveId`
 */
export async function buildBody(
  client: Pick<EdgeClient, 'list'>,
  terminal: Terminal,
  form: Form,
  mode: Mode,
  words: readonly unknown[],
  options: Values,
): Promise<Row> {
  const body: Row = { ...form.constants };
  if (mode === 'create') {
    for (const { member, initial, on } of form.fields) {
      if (initial !== undefined && on !== 'update') setMember(body, member, initial);
    }
  }
  for (const { field, value } of givenValues(form, mode, words, options)) {
    setMember(
      body,
      field.member,
      await resolveField(client, field, await parseField(terminal, field, value)),
    );
  }
  return body;
}

/** A value as typed → as the API takes it, names not resolved yet. */
async function parseField(terminal: Terminal, field: Field, value: unknown): Promise<unknown> {
  const { type, choices } = field;
  const wrong = (takes: string) =>
    new AppError(
      'ERR_CLI_USAGE',
      `${field.argument ?? field.flags ?? ''} takes ${takes}, got "${String(value)}"`,
    );
  switch (type) {
    case 'boolean':
    case 'list':
    case 'roles':
      return value;
    case 'map':
      return Object.fromEntries((value as string[]).map((item) => entryOf(item, field)));
    case 'number':
      if (!/^-?\d+(\.\d+)?$/.test(String(value))) throw wrong('a number');
      return Number(value);
    case 'onOff': {
      const word = String(value).toLowerCase();
      if (word !== 'on' && word !== 'off') throw wrong('on or off');
      return word === 'on';
    }
    case 'text': {
      if (!choices) return value;
      const choice = choices.find((one) => one.toLowerCase() === String(value).toLowerCase());
      if (choice === undefined) throw wrong(choices.join(' or '));
      return choice;
    }
    case 'file':
      return readValue(terminal, `@${String(value)}`.replace(/^@-$/, '-'));
    case 'json': {
      const isFile = field.flags?.includes('<file>') === true;
      const text = await readValue(terminal, isFile ? `@${String(value)}` : String(value));
      try {
        return JSON.parse(text) as unknown;
      } catch (cause) {
        throw new AppError(
          'ERR_CLI_USAGE',
          `${field.argument ?? field.flags ?? ''}: not JSON: ${String(cause)}`,
          { cause },
        );
      }
    }
  }
}

function entryOf(item: string, { flags = '', numbers = false }: Field): [string, unknown] {
  const at = item.indexOf('=');
  const value = item.slice(at + 1);
  if (at < 1 || (numbers && !/^\d+$/.test(value))) {
    throw new AppError(
      'ERR_CLI_USAGE',
      `${flags}: "${item}" is not ${numbers ? 'key=number' : 'key=value'}`,
    );
  }
  return [item.slice(0, at), numbers ? Number(value) : value];
}

async function resolveField(
  client: Pick<EdgeClient, 'list'>,
  field: Field,
  value: unknown,
): Promise<unknown> {
  if (field.of === undefined) return value;
  const kind = kindAt(field.of);
  switch (field.type) {
    case 'roles':
      return resolveRoles(client, kind, value as string[]);
    case 'list':
      return Promise.all((value as string[]).map((item) => resolveId(client, kind, item)));
    case 'map':
      return Object.fromEntries(
        await Promise.all(
          Object.entries(value as Row).map(
            async ([key, one]) => [await resolveId(client, kind, key), one] as const,
          ),
        ),
      );
    default:
      // Nothing unsets a reference: `--auth-policy ''`.
      return value === '' ? '' : resolveId(client, kind, String(value));
  }
}
