/**
 * JSON Schemas of config types. They come from operators and are judged all the same: bounded in
 * size and in what they expand to, without references to elsewhere, their patterns run by an
 * engine that takes linear time.
 */
import { Ajv, type ErrorObject, type CodeOptions, type ValidateFunction } from 'ajv';
import { RE2JS } from 're2js';

/** Schemas and configs, as JSON text. */
const MAX_JSON_CHARS = 65_536;
const MAX_DEPTH = 32;
/** Subschemas when every reference is replaced by what it names: bounds the time of a validation. */
const MAX_EXPANDED_NODES = 10_000;
const MAX_PATTERN_CHARS = 512;

export interface SchemaProblem {
  /** Path of the member at fault, dotted; empty for the whole. */
  readonly field: string;
  readonly reason: string;
}

/** Why a schema cannot be used; undefined when it can. */
export function schemaProblem(schema: Record<string, unknown>): SchemaProblem | undefined {
  const compiled = compile(schema);
  return 'problem' in compiled ? compiled.problem : undefined;
}

/** The first way in which `data` breaks `schema`; undefined when it fits. */
export function dataProblem(
  schema: Record<string, unknown>,
  data: Record<string, unknown>,
): SchemaProblem | undefined {
  if (JSON.stringify(data).length > MAX_JSON_CHARS)
    return { field: '', reason: `is larger than ${MAX_JSON_CHARS} characters` };
  const compiled = compile(schema);
  if ('problem' in compiled) return compiled.problem;
  if (compiled.validate(data)) return undefined;
  return described(compiled.validate.errors?.[0]);
}

function compile(
  schema: Record<string, unknown>,
): { validate: ValidateFunction } | { problem: SchemaProblem } {
  const reason = unboundedBy(schema);
  if (reason !== undefined) return { problem: { field: '', reason } };
  // A validator for each schema: what one defines, another cannot refer to.
  const ajv = new Ajv({
    strict: false,
    validateFormats: false,
    logger: false,
    code: { regExp: linearTimeRegExp },
  });
  try {
    return { validate: ajv.compile(schema) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { problem: { field: '', reason: message.slice(0, 256) } };
  }
}

function unboundedBy(schema: Record<string, unknown>): string | undefined {
  if (JSON.stringify(schema).length > MAX_JSON_CHARS)
    return `is larger than ${MAX_JSON_CHARS} characters`;
  try {
    expandedNodes(schema, schema, 0, new Map());
    return undefined;
  } catch (error) {
    if (error instanceof UnboundedSchema) return error.message;
    throw error;
  }
}

class UnboundedSchema extends Error {}

/** Nodes of `node` with every reference followed. @throws UnboundedSchema */
function expandedNodes(
  root: Record<string, unknown>,
  node: unknown,
  depth: number,
  known: Map<string, number | 'open'>,
): number {
  if (typeof node !== 'object' || node === null) return 1;
  if (depth > MAX_DEPTH) throw new UnboundedSchema(`is nested deeper than ${MAX_DEPTH} levels`);
  let nodes = 1;
  for (const [name, member] of Object.entries(node)) {
    nodes +=
      name === '$ref' && typeof member === 'string'
        ? referredNodes(root, member, depth, known)
        : expandedNodes(root, member, depth + 1, known);
    if (nodes > MAX_EXPANDED_NODES) throw new UnboundedSchema('expands to too many subschemas');
  }
  return nodes;
}

function referredNodes(
  root: Record<string, unknown>,
  reference: string,
  depth: number,
  known: Map<string, number | 'open'>,
): number {
  if (!/^#(\/|$)/.test(reference)) throw new UnboundedSchema('refers to another document');
  const found = known.get(reference);
  if (found === 'open') throw new UnboundedSchema(`refers to itself by ${reference}`);
  if (found !== undefined) return found;
  known.set(reference, 'open');
  const nodes = expandedNodes(root, target(root, reference), depth + 1, known);
  known.set(reference, nodes);
  return nodes;
}

/** What a JSON pointer names (RFC 6901). */
function target(root: unknown, reference: string): unknown {
  let found = root;
  for (const part of reference.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    found =
      typeof found === 'object' && found !== null && Object.hasOwn(found, name)
        ? (found as Record<string, unknown>)[name]
        : undefined;
  }
  return found;
}

/** Patterns without back-references and look-around, in time linear in the text (RE2). */
const linearTimeRegExp: NonNullable<CodeOptions['regExp']> = Object.assign(
  (pattern: string) => {
    if (pattern.length > MAX_PATTERN_CHARS)
      throw new Error(`a pattern is longer than ${MAX_PATTERN_CHARS} characters`);
    const compiled = RE2JS.compile(pattern);
    return {
      test: (text: string) => compiled.matcher(text).find(),
      // ajv keeps one engine for all patterns of the same string form.
      toString: () => pattern,
    };
  },
  { code: 'regExp' },
);

function described(error: ErrorObject | null | undefined): SchemaProblem {
  if (!error) return { field: '', reason: 'does not fit its schema' };
  const unknown = (error.params as { additionalProperty?: string }).additionalProperty;
  const path = error.instancePath.split('/').slice(1);
  return {
    field: [...path, ...(unknown === undefined ? [] : [unknown])].join('.').slice(0, 256),
    reason:
      unknown === undefined
        ? (error.message ?? 'does not fit its schema')
        : 'is not a member of this type',
  };
}
