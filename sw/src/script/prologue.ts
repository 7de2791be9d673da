/** What stands at the beginning of a script, as far as code put before it must know. */

export interface Prologue {
  /** Where code may be put: 0, or behind a `#!` line. */
  at: number;
  /** It begins with the directive `"use strict"`, which counts only there (ECMAScript §11.2.1). */
  isStrict: boolean;
  /** Its first statement is a static `import` or an `export`: it is a module, whose imports run first. */
  isModule: boolean;
}

const SPACE_OR_COMMENT = /(?:[\s\uFEFF]+|\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\/)+/y;
const DIRECTIVE = /(?:'[^'\\\n\r]*'|"[^"\\\n\r]*")(?=[ \t]*(?:;|[\n\r]|\/\/|\/\*|$|}))[ \t]*;?/y;
const MODULE_STATEMENT = /(?:import(?!\s*[(.])|export)(?![\w$])/y;

/** Reads the beginning of `text`; `undefined` when it ends before that is clear. */
export function readPrologue(text: string, isWhole: boolean): Prologue | undefined {
  const at = text.startsWith('#!') ? text.search(/[\n\r\u2028\u2029]|$/) : 0;
  let index = at;
  let isStrict = false;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = index;
    const found = pattern.exec(text)?.[0] ?? '';
    index += found.length;
    return found;
  };
  for (;;) {
    take(SPACE_OR_COMMENT);
    const directive = take(DIRECTIVE);
    if (directive === '') break;
    isStrict ||= /^.use strict.\s*;?$/.test(directive);
  }
  // A comment, a directive or a keyword may go on in what is still to come.
  const rest = text.slice(index);
  const isClear = rest.length > 16 && !rest.startsWith('/*') && !/^['"]/.test(rest);
  if (!isWhole && !isClear) return undefined;
  return { at, isStrict, isModule: take(MODULE_STATEMENT) !== '' };
}

/** `text` with `code` (one line, ASCII) as its first statement; lines keep their numbers. */
export function codeBefore({ at, isStrict }: Prologue, code: string): string {
  return (at > 0 ? '\n' : '') + (isStrict ? '"use strict";' : '') + code;
}
