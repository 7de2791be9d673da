/**
 * Malformed frames, in a process with a heap of 64 MiB: every decoder says what is wrong, or takes what
 * happens to be right; none throws anything else, hangs or grows. A few thousand for each in CI;
 * `POSTERN_FUZZ_FRAMES=1000000 npx vitest run --project integration test/fuzz` for a million.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'vite';
import { expect, it } from 'vitest';
import { decoders } from './decoders.ts';

const FRAMES = Number(process.env['POSTERN_FUZZ_FRAMES'] ?? 2_000);
const SEED = Number(process.env['POSTERN_FUZZ_SEED'] ?? 1);
const HEAP_MIB = 64;
const outDir = fileURLToPath(new URL('../.cache/fuzz', import.meta.url));
const conditions = ['postern-source', 'module', 'node', 'default'];

interface Result {
  readonly name: string;
  readonly whole: number;
  readonly refused: number;
}

it(
  `refuse or take ${FRAMES} malformed frames each, with a heap of ${HEAP_MIB} MiB`,
  async () => {
    await build({
      configFile: false,
      logLevel: 'error',
      ssr: { noExternal: true, resolve: { conditions } },
      build: {
        ssr: fileURLToPath(new URL('main.ts', import.meta.url)),
        outDir,
        emptyOutDir: true,
        target: 'es2022',
        rolldownOptions: { output: { entryFileNames: 'main.mjs' } },
      },
    });
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [`--max-old-space-size=${HEAP_MIB}`, `${outDir}/main.mjs`, String(FRAMES), String(SEED)],
      // One that hangs is killed before the test's own time is over.
      { timeout: 100_000 + 5 * FRAMES },
    );
    const results = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Result);
    if (FRAMES > 2_000) process.stderr.write(stdout);
    expect(results.map(({ name }) => name)).toEqual(decoders.map(({ name }) => name));
    // Malformed, and yet close enough to reach every corner.
    for (const { name, whole, refused } of results)
      expect([name, whole + refused, refused > 0]).toEqual([name, FRAMES, !neverRefuses(name)]);
  },
  120_000 + 5 * FRAMES,
);

/** Those that answer in another way than by an error. */
function neverRefuses(name: string): boolean {
  return ['cookies: Set-Cookie', 'cookies: date', 'edge: connection of a browser'].includes(name);
}
