/**
 * The Edge filter language (specs/edge-api.md §1.5):
 *
 *   query      := [or] ['sort' 'by' sort {',' sort}] ['skip' N] ['limit' (N | 'none')]
 *   or         := and {'or' and}
 *   and        := primary {'and' primary}
 *   primary    := 'not' or | '(' or ')' | 'true' | 'false' | 'isEmpty' '(' set ')' | comparison | symbol
 *   comparison := left operator value
 *   left       := symbol | ('anyOf' | 'allOf' | 'count') '(' set ')'
 *   set        := symbol | 'from' symbol 'where' or
 */
import { FilterError, tokenize, type Token } from './lexer.ts';

export type Literal =
  | { type: 'string' | 'datetime'; value: string }
  | { type: 'number'; value: number }
  | { type: 'boolean'; value: boolean }
  | { type: 'null' };
export type Operator =
  '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'between' | 'contains' | 'icontains';
export type Reach = 'value' | 'anyOf' | 'allOf' | 'count';

export type Expression =
  | { node: 'and' | 'or'; items: Expression[] }
  | { node: 'not'; item: Expression }
  | { node: 'constant'; value: boolean }
  | { node: 'symbol'; symbol: string }
  | { node: 'isEmpty'; symbol: string; where?: Expression }
  | {
      node: 'compare';
      reach: Reach;
      symbol: string;
      /** Of a set: only its elements that match. */
      where?: Expression;
      operator: Operator;
      negated: boolean;
      values: Literal[];
    };

interface SetOf {
  symbol: string;
  where?: Expression;
}

export interface Sort {
  symbol: string;
  descending: boolean;
}

export interface Query {
  where?: Expression;
  sort: Sort[];
  skip?: number;
  /** `'none'`: all rows. */
  limit?: number | 'none';
}

/** Longer ones are refused before they are read. */
const MAX_CHARS = 16_384;
const MAX_SORTS = 5;
const MAX_DEPTH = 64;
const MAX_TOKENS = 2000;
const MAX_LIST = 500;

/** Parses a whole `filter` parameter. @throws FilterError */
export function parseFilter(text: string): Query {
  return new Parser(text).query();
}

/** Parses a `sort` parameter: `name desc, id`. @throws FilterError */
export function parseSort(text: string): Sort[] {
  return new Parser(text).sortOnly();
}

class Parser {
  readonly #tokens: Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    if (text.length > MAX_CHARS) throw new FilterError(`longer than ${MAX_CHARS} characters`);
    this.#tokens = tokenize(text);
    if (this.#tokens.length > MAX_TOKENS) throw new FilterError(`more than ${MAX_TOKENS} words`);
  }

  query(): Query {
    const query: Query = { sort: [] };
    if (
      !this.#peekEnd() &&
      !this.#isWord('sort') &&
      !this.#isWord('skip') &&
      !this.#isWord('limit')
    ) {
      query.where = this.#or();
    }
    if (this.#takeWord('sort')) {
      this.#expectWord('by');
      query.sort = this.#sorts();
    }
    if (this.#takeWord('skip')) query.skip = this.#integer();
    if (this.#takeWord('limit')) query.limit = this.#takeWord('none') ? 'none' : this.#integer();
    this.#expectEnd();
    return query;
  }

  sortOnly(): Sort[] {
    const sorts = this.#peekEnd() ? [] : this.#sorts();
    this.#expectEnd();
    return sorts;
  }

  #sorts(): Sort[] {
    const sorts: Sort[] = [];
    do {
      const symbol = this.#symbol();
      const descending = this.#takeWord('desc');
      if (!descending) this.#takeWord('asc');
      sorts.push({ symbol, descending });
    } while (this.#takeSign(','));
    if (sorts.length > MAX_SORTS) throw new FilterError(`more than ${MAX_SORTS} sort fields`);
    return sorts;
  }

  #or(): Expression {
    if (++this.#depth > MAX_DEPTH) throw new FilterError(`nested deeper than ${MAX_DEPTH}`);
    const items = [this.#and()];
    while (this.#takeWord('or')) items.push(this.#and());
    this.#depth -= 1;
    return items.length === 1 && items[0] ? items[0] : { node: 'or', items };
  }

  #and(): Expression {
    const items = [this.#primary()];
    while (this.#takeWord('and')) items.push(this.#primary());
    return items.length === 1 && items[0] ? items[0] : { node: 'and', items };
  }

  #primary(): Expression {
    // `not` is the loosest operator: it covers everything to its right.
    if (this.#takeWord('not')) return { node: 'not', item: this.#or() };
    if (this.#takeSign('(')) {
      const inner = this.#or();
      this.#expectSign(')');
      return inner;
    }
    if (this.#takeWord('true')) return { node: 'constant', value: true };
    if (this.#takeWord('false')) return { node: 'constant', value: false };
    if (this.#takeWord('isEmpty')) return { node: 'isEmpty', ...this.#set() };
    for (const reach of ['anyOf', 'allOf', 'count'] as const) {
      if (this.#takeWord(reach)) return this.#comparison(reach, this.#set());
    }
    const symbol = this.#symbol();
    const token = this.#peek();
    const endsHere = token.kind === 'end' || (token.kind === 'sign' && token.text === ')');
    const continues = ['and', 'or', 'sort', 'skip', 'limit'].some((word) => this.#isWord(word));
    return endsHere || continues
      ? { node: 'symbol', symbol }
      : this.#comparison('value', { symbol });
  }

  #comparison(reach: Reach, left: SetOf): Expression {
    const negated = this.#takeWord('not');
    const finish = (operator: Operator, values: Literal[]): Expression => ({
      node: 'compare',
      reach,
      ...left,
      operator,
      negated,
      values,
    });
    if (this.#takeWord('in')) return finish('in', this.#array());
    if (this.#takeWord('between')) {
      const low = this.#literal();
      this.#expectWord('and');
      return finish('between', [low, this.#literal()]);
    }
    if (this.#takeWord('contains')) return finish('contains', [this.#literal()]);
    if (this.#takeWord('icontains')) return finish('icontains', [this.#literal()]);
    const token = this.#take();
    if (
      negated ||
      token.kind !== 'sign' ||
      !['=', '!=', '<', '<=', '>', '>='].includes(token.text)
    ) {
      throw new FilterError(`expected an operator at ${token.at}`);
    }
    return finish(token.text as Operator, [this.#literal()]);
  }

  #array(): Literal[] {
    this.#expectSign('[');
    const values: Literal[] = [];
    do values.push(this.#literal());
    while (this.#takeSign(','));
    this.#expectSign(']');
    if (values.length > MAX_LIST) throw new FilterError(`more than ${MAX_LIST} values`);
    if (values.some(({ type }) => type !== values[0]?.type))
      throw new FilterError('values of a list must be of one type');
    return values;
  }

  #literal(): Literal {
    if (this.#takeWord('true')) return { type: 'boolean', value: true };
    if (this.#takeWord('false')) return { type: 'boolean', value: false };
    if (this.#takeWord('null')) return { type: 'null' };
    const token = this.#take();
    if (token.kind === 'string' || token.kind === 'datetime')
      return { type: token.kind, value: token.text };
    if (token.kind === 'number') return { type: 'number', value: token.value };
    throw new FilterError(`expected a value at ${token.at}`);
  }

  #set(): SetOf {
    this.#expectSign('(');
    const isQuery = this.#takeWord('from');
    const symbol = this.#symbol();
    if (isQuery) this.#expectWord('where');
    const set = isQuery ? { symbol, where: this.#or() } : { symbol };
    this.#expectSign(')');
    return set;
  }

  #symbol(): string {
    const token = this.#take();
    if (token.kind !== 'word') throw new FilterError(`expected a field name at ${token.at}`);
    return token.text;
  }

  #integer(): number {
    const token = this.#take();
    if (token.kind !== 'number' || !Number.isSafeInteger(token.value)) {
      throw new FilterError(`expected a whole number at ${token.at}`);
    }
    return token.value;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', at: 0 };
  }
  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }
  #peekEnd(): boolean {
    return this.#peek().kind === 'end';
  }
  #isWord(word: string): boolean {
    const token = this.#peek();
    return token.kind === 'word' && token.text.toLowerCase() === word.toLowerCase();
  }
  #takeWord(word: string): boolean {
    const found = this.#isWord(word);
    if (found) this.#next += 1;
    return found;
  }
  #takeSign(sign: string): boolean {
    const token = this.#peek();
    const found = token.kind === 'sign' && token.text === sign;
    if (found) this.#next += 1;
    return found;
  }
  #expectWord(word: string): void {
    if (!this.#takeWord(word)) throw new FilterError(`expected "${word}" at ${this.#peek().at}`);
  }
  #expectSign(sign: string): void {
    if (!this.#takeSign(sign)) throw new FilterError(`expected "${sign}" at ${this.#peek().at}`);
  }
  #expectEnd(): void {
    if (!this.#peekEnd()) throw new FilterError(`unexpected text at ${this.#peek().at}`);
  }
}
