import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { HEAP_GROWTH_FLAG } from './relax-heap-growth.ts';

it('names a flag that this Node knows: an unknown one would be ignored with a line on standard error', () => {
  const { status, stderr } = spawnSync(process.execPath, [HEAP_GROWTH_FLAG, '--eval', '0'], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
