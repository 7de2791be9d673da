/** The built console (`web/dist`): the files its manifest names, held in memory. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const manifestSchema = z.object({
  version: z.literal(1),
  files: z.record(
    z.string().regex(/^(?:index\.html|assets\/[A-Za-z0-9._-]{1,128})$/),
    z.object({ bytes: z.int().min(0), brotliBytes: z.int().min(0).optional() }),
  ),
});

export interface ConsoleFile {
  readonly plain: Buffer;
  /** The same, compressed; absent where that gains nothing. */
  readonly brotli: Buffer | undefined;
}

/** Where a build of this repository puts it. */
export const BUILT_CONSOLE = fileURLToPath(new URL('../../../web/dist', import.meta.url));

/** Rejects when the folder holds no build. */
export async function readConsoleFiles(folder: string): Promise<ReadonlyMap<string, ConsoleFile>> {
  const { files } = manifestSchema.parse(
    JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')),
  );
  return new Map(
    await Promise.all(
      Object.entries(files).map(async ([name, { brotliBytes }]) => {
        const path = join(folder, name);
        const plain = await readFile(path);
        const brotli = brotliBytes === undefined ? undefined : await readFile(`${path}.br`);
        return [name, { plain, brotli }] as const;
      }),
    ),
  );
}
