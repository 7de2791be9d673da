/** What is said of browsers' limits has a test: rows of docs/browser-support.md, and lines of the browser lab. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface LabLine {
  kind: string;
  line: string;
  /** `<file>: <name of a test, case or symbol in it>`. */
  tests: string[];
  /** Given where nothing can test it. */
  why?: string;
}

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** What a reference names and the tree does not have. */
function missing(references: readonly string[]): string[] {
  return references.filter((reference) => {
    const [path = '', ...rest] = reference.split(': ');
    if (!existsSync(fileURLToPath(new URL(path, root)))) return true;
    const name = rest.join(': ');
    const text = read(path);
    if (path === 'test/wpt/differences.json') return !text.includes(`"${name}`);
    return !['', "'", '`', '"'].some((quote) => text.includes(quote + name));
  });
}

const labLines = JSON.parse(read('test/wpt/lab-lines.json')) as LabLine[];
const limits = JSON.parse(read('test/wpt/limits.json')) as Record<string, string[]>;
const rows = read('docs/browser-support.md')
  .split('\n## ')[0]!
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:What +\||-)/.test(line))
  .map((line) => line.split(' | ')[0]!.slice(2).trim());

describe('docs/browser-support.md', () => {
  it('every known difference has a test, and every test belongs to one', () => {
    expect(Object.keys(limits).sort()).toEqual([...rows].sort());
  });

  it.each(rows)('%s: the tests exist', (row) => {
    const tests = limits[row] ?? [];
    expect(tests.length).toBeGreaterThan(0);
    expect(missing(tests)).toEqual([]);
  });
});

describe('the browser lab', () => {
  it.each(labLines)('$line: has a test', ({ tests, why }) => {
    if (why === undefined) expect(tests.length).toBeGreaterThan(0);
    expect(missing(tests)).toEqual([]);
  });
});
