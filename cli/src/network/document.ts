/** The YAML file in which a network is written down (docs/cli.md, "A network in version control"). */
import { AppError } from '@postern/shared/errors';
import { isAlias, parseDocument, stringify, visit } from 'yaml';
import { z } from 'zod';
import { canonical } from './canonical.ts';
import { portableKinds } from './portable.ts';
import type { Item, Network } from './read-network.ts';

const FORMAT = 'postern-network/1';

/** Largest file that is read. */
export const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

/** What a file asks for: for each kind it names, the entities by key of the kind. */
export type Document = Map<string, Item[]>;

const itemSchema = z.looseObject({ name: z.string().min(1) });
const documentSchema = z.strictObject({
  format: z.literal(FORMAT),
  ...Object.fromEntries(portableKinds.map(({ key }) => [key, z.array(itemSchema).optional()])),
});

/** The file of a network: the same network gives the same bytes. */
export function writeDocument({ items }: Network): string {
  const body = Object.fromEntries(
    portableKinds.map(({ key }) => [
      key,
      (items.get(key) ?? []).map(({ name, values }) => ({ name, ...values })),
    ]),
  );
  return stringify({ format: FORMAT, ...body }, { lineWidth: 0, aliasDuplicateObjects: false });
}

/**
 * Reads a file. Every problem of form is reported together.
 * @throws AppError `ERR_CLI_NETWORK`
 */
export function parseNetworkDocument(text: string): Document {
  const yaml = parseDocument(text, { prettyErrors: true, uniqueKeys: true });
  const problems = yaml.errors.map(({ message }) => message);
  visit(yaml, (_, node) => {
    if (isAlias(node)) problems.push('aliases (*name) are not taken');
  });
  if (problems.length > 0) throw invalid(problems);
  const parsed = documentSchema.safeParse(yaml.toJS());
  if (!parsed.success) {
    throw invalid(
      parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`),
    );
  }
  const document: Document = new Map();
  for (const { key, members } of portableKinds) {
    const items = (parsed.data as Record<string, unknown>)[key] as
      z.infer<typeof itemSchema>[] | undefined;
    if (items === undefined) continue;
    const names = new Set<string>();
    for (const { name, ...values } of items) {
      if (names.has(name)) problems.push(`${key}: "${name}" is there twice`);
      names.add(name);
      for (const member of Object.keys(values)) {
        const known =
          'except' in members ? !members.except.includes(member) : members.includes(member);
        if (!known) problems.push(`${key} "${name}": unknown member "${member}"`);
      }
    }
    document.set(
      key,
      items.map(({ name, ...values }) => ({ name, values: canonical(values) })),
    );
  }
  if (problems.length > 0) throw invalid(problems);
  return document;
}

function invalid(problems: readonly string[]): AppError {
  const lines = problems.slice(0, 20).map((problem) => `  ${problem}`);
  const more =
    problems.length > lines.length ? [`  and ${problems.length - lines.length} more`] : [];
  return new AppError(
    'ERR_CLI_NETWORK',
    `The file does not describe a network:\n${[...lines, ...more].join('\n')}`,
  );
}
