/**
 * Builds the console: `node build.mjs`. Every script and style is a file of its own, named by its content, so that the
 * page needs no inline code. Beside each file lies its Brotli form. `dist/manifest.json` says what may be served:
 *
 *   files            path in dist → bytes, and of those that shrink Brotli bytes
 *   firstLoadBytes   what the browser has to get before the first screen, compressed
 */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { build } from 'vite';

const compress = promisify(brotliCompress);
const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist');
const MAX_FIRST_LOAD_BYTES = 250_000;

// Whoever starts this may have set it otherwise, and would get React's larger form for developers.
process.env['NODE_ENV'] = 'production';
await mkdir(dist, { recursive: true });
for (const name of ['assets', 'index.html', 'index.html.br', 'manifest.json'])
  await rm(join(dist, name), { recursive: true, force: true });
const { output } = await build({
  root,
  base: './',
  configFile: false,
  logLevel: 'warn',
  // From source, so that no build of `shared` has to come first.
  resolve: {
    conditions: ['postern-source', 'module', 'browser', 'import', 'default'],
    dedupe: ['react', 'react-dom'],
  },
  oxc: { jsx: { runtime: 'automatic' } },
  build: {
    outDir: dist,
    emptyOutDir: false,
    target: 'es2022',
    minify: 'oxc',
    cssMinify: true,
    // A preload helper would write style elements; the polyfill is for browsers that do without our syntax too.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      // Says in dozens of lines that `use client` means nothing here.
      onLog: (level, log, next) => log.code === 'MODULE_LEVEL_DIRECTIVE' || next(level, log),
    },
  },
});

const files = {};
const names = [
  'index.html',
  ...(await readdir(join(dist, 'assets'))).map((name) => `assets/${name}`),
];
await Promise.all(
  names.sort().map(async (name) => {
    const bytes = await readFile(join(dist, name));
    files[name] = { bytes: bytes.length };
    const small = await compress(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
    if (small.length >= bytes.length) return;
    files[name].brotliBytes = small.length;
    await writeFile(join(dist, `${name}.br`), small);
  }),
);
const manifest = {
  version: 1,
  firstLoadBytes: firstLoad(output).reduce(
    (sum, name) => sum + (files[name].brotliBytes ?? files[name].bytes),
    0,
  ),
  files: Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))),
};
if (manifest.firstLoadBytes > MAX_FIRST_LOAD_BYTES) {
  throw new Error(
    `the first screen needs ${manifest.firstLoadBytes} bytes, compressed: at most ${MAX_FIRST_LOAD_BYTES}. Did a page become part of it?`,
  );
}
await writeFile(join(dist, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);

/** The document, all styles, and the scripts that its own imports without being asked to later. */
function firstLoad(chunks) {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const found = new Set(['index.html']);
  const visit = (name) => {
    if (found.has(name)) return;
    found.add(name);
    for (const next of byName.get(name)?.imports ?? []) visit(next);
  };
  for (const chunk of chunks) if (chunk.isEntry) visit(chunk.fileName);
  for (const { fileName } of chunks) if (fileName.endsWith('.css')) found.add(fileName);
  return [...found];
}
