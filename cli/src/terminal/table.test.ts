import { describe, expect, it } from 'vitest';
import { printable } from './printable.ts';
import { renderTable } from './table.ts';

describe('renderTable', () => {
  const rows = [
    ['1', 'short', 'x'.repeat(40)],
    ['2', '日本語の名前', 'y'],
  ];

  it('puts columns two blanks apart, by the width that is seen', () => {
    expect(renderTable(['id', 'name', 'note'], rows)).toBe(
      `ID  NAME          NOTE\n1   short         ${'x'.repeat(40)}\n2   日本語の名前  y\n`,
    );
  });

  it('cuts the widest columns to the terminal', () => {
    const lines = renderTable(['id', 'name', 'note'], rows, 30).split('\n');
    expect(lines[1]).toBe(`1   short         ${'x'.repeat(11)}…`);
    expect(lines[1]).toHaveLength(30);
  });

  it('keeps every column readable, even where nothing fits', () => {
    const long = 'abcdefghijkl';
    expect(renderTable([long, long], [[long, long]], 5)).toBe(
      'ABCDEFG…  ABCDEFG…\nabcdefg…  abcdefg…\n',
    );
  });

  it('shows what would move the cursor', () => {
    expect(renderTable(['a'], [['\u001b[2Jx\ny']])).toBe('A\n\\u001b[2Jx y\n');
  });
});

it('printable leaves letters of every script and line ends alone', () => {
  expect(printable('ü 日本 \n\t→')).toBe('ü 日本 \n\t→');
  expect(printable('a\u202eb\u0007\u009b')).toBe('a\\u202eb\\u0007\\u009b');
});
