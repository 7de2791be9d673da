/** Words of the Edge filter language. */

export type Token =
  | { kind: 'word'; text: string; at: number }
  | { kind: 'string'; text: string; at: number }
  | { kind: 'number'; value: number; at: number }
  | { kind: 'datetime'; text: string; at: number }
  | { kind: 'sign'; text: string; at: number }
  | { kind: 'end'; at: number };

/** The filter or sort text is wrong; the message says where and why. */
export class FilterError extends Error {
  readonly symbol: string | undefined;

  constructor(message: string, symbol?: string) {
    super(message);
    this.name = 'FilterError';
    this.symbol = symbol;
  }
}

/** What it is to be sorted by is wrong. */
export class SortError extends FilterError {}

const BLANK = /\s+/y;
const DATETIME =
  /datetime\(\s*(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2}))\s*\)/iy;
/** Letters and `_`; after the first dot also digits and `-`, for tag names. */
const WORD = /'?([A-Za-z_]+(?:\.[A-Za-z0-9_.-]+)?)'?/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** Without NUL, which no database text holds. */
const STRING = /"((?:[^"\\\0]|\\["\\fnrt])*)"/y;
const SIGN = /!=|<=|>=|[=<>()[\],]/y;
const ESCAPES: Readonly<Record<string, string>> = { f: '\f', n: '\n', r: '\r', t: '\t' };

/** Splits a filter into tokens, linear in its length. @throws FilterError */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  for (match(BLANK); at < text.length; match(BLANK)) {
    const start = at;
    let found: RegExpExecArray | null;
    if ((found = match(STRING))) {
      const unescaped = (found[1] ?? '').replaceAll(/\\(.)/g, (_, c: string) => ESCAPES[c] ?? c);
      tokens.push({ kind: 'string', text: unescaped, at: start });
    } else if ((found = match(DATETIME))) {
      const time = Date.parse(found[1] ?? '');
      if (Number.isNaN(time)) throw new FilterError(`no such time at ${start}`);
      tokens.push({ kind: 'datetime', text: new Date(time).toISOString(), at: start });
    } else if ((found = match(WORD)))
      tokens.push({ kind: 'word', text: found[1] ?? '', at: start });
    else if ((found = match(NUMBER))) {
      const value = Number(found[0]);
      if (!Number.isFinite(value)) throw new FilterError(`number too large at ${start}`);
      tokens.push({ kind: 'number', value, at: start });
    } else if ((found = match(SIGN))) tokens.push({ kind: 'sign', text: found[0], at: start });
    else throw new FilterError(`unexpected text at ${start}`);
  }
  tokens.push({ kind: 'end', at });
  return tokens;
}
