/**
 * Builds the browser code: `node build.mjs` (everything) or `node build.mjs worker` (one entry).
 *
 * Order matters: the service worker inlines the runtimes of pages and workers and precaches the loader's files. Two
 * builds of the same sources give the same bytes; `dist/manifest.json` records them:
 *
 *   files      path in dist → sha256 (hex), integrity (SRI, sha384), bytes raw, gzip and Brotli
 *   entries    entry → path in dist of its script; only the worker's name carries no content hash
 *   documents  loader, login → path in dist, and the CSP source expressions its scripts and styles need
 *   styles     page → path in dist of the style of pages without script, which the gateway writes into its own
 *   runtime    CSP source expression of the page runtime and its bytes
 *   totals     Brotli bytes of the loader's files, and of all that opening an application needs
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'vite';

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist');
/** Of the page runtime, minified. */
const MAX_RUNTIME_BYTES = 52 * 1024;
/** Where the gateway serves `dist/assets`; the worker alone is served at `/postern-sw.js`. */
const ASSET_BASE = '/.postern/assets/';

const wanted = process.argv.slice(2);
const isWanted = (name) => wanted.length === 0 || wanted.includes(name);

const manifest = {
  version: 1,
  entries: {},
  documents: {},
  styles: {},
  runtime: null,
  totals: {},
  files: {},
};

/** Schemas are written down as JSON Schema by the controller alone: here zod's part for it does nothing. */
const withoutJsonSchemas = {
  name: 'without-json-schemas',
  transform(code, id) {
    if (!/\/zod\/v4\/core\/(?:json-schema-processors|to-json-schema)\.js$/.test(id))
      return undefined;
    const names = [...code.matchAll(/^export (?:const|function) (\w+)/gm)].map(([, name]) => name);
    if (names.length === 0) throw new Error(`${id} exports nothing that is known here`);
    return {
      code: names.map((name) => `export const ${name} = () => ({});`).join('\n'),
      map: null,
    };
  },
};

/** WebAssembly in Base64 hardly compresses: libsodium's stands here byte by byte, and is turned to Base64 when it is asked for. */
const compactWasm = {
  name: 'compact-wasm',
  transform(code, id) {
    if (!/\/libsodium\/dist\/.*\/libsodium\.m?js$/.test(id)) return undefined;
    const [literal, , base64] = /(["'`])(AGFz[\w+/]+=*)\1/.exec(code) ?? [];
    if (literal === undefined) throw new Error(`${id} has no WebAssembly in Base64`);
    const bytes = Buffer.from(base64, 'base64').toString('latin1');
    return { code: code.replace(literal, () => `btoa(${JSON.stringify(bytes)})`), map: null };
  },
};

await rm(join(dist, 'assets'), { recursive: true, force: true });
await mkdir(join(dist, 'assets'), { recursive: true });
for (const page of ['loader', 'login']) if (isWanted(page)) await buildPage(page);
manifest.styles.page = await emit(
  'page.css',
  await readFile(join(root, 'src/look/tokens.css'), 'utf8'),
);
if (isWanted('worker')) {
  await buildWorker({
    runtime: await buildRuntime(),
    workerRuntime: await buildWorkerRuntime('worker-main'),
    appWorkerRuntime: await buildWorkerRuntime('app-worker-main'),
    starter: await bundle(join(root, 'src/runtime/app-worker/starter-main.ts'), 'iife'),
    status: await buildInline('status'),
  });
}
manifest.totals = {
  loaderBrotliBytes: brotliSize((file) => /\/loader[-.]/.test(`/${file}`)),
  openingBrotliBytes: brotliSize((file) => !/\/(?:login[-.]|page\.css)/.test(`/${file}`)),
};
manifest.files = Object.fromEntries(
  Object.entries(manifest.files).sort(([a], [b]) => (a < b ? -1 : 1)),
);
await writeFile(join(dist, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);

/** Bundles one entry into one script, in memory. */
async function bundle(entry, format, plugins = []) {
  const result = await build({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: [withoutJsonSchemas, compactWasm, ...plugins],
    define: {
      'process.env.NODE_ENV': '"production"',
      // libsodium asks for it to find files it does not need here; classic scripts have none.
      ...(format === 'iife' ? { 'import.meta': '{}' } : {}),
    },
    // From source, so that no build of `shared` has to come first.
    resolve: {
      conditions: ['postern-source', 'module', 'browser', 'import', 'default'],
      dedupe: ['zod'],
    },
    build: {
      write: false,
      target: 'es2022',
      minify: 'oxc',
      modulePreload: false,
      lib: { entry, formats: [format], name: 'postern', fileName: 'out' },
      rolldownOptions: {
        output: { codeSplitting: false, ...(format === 'iife' ? { strict: true } : {}) },
      },
    },
  });
  const [{ output }] = result;
  return output.find((file) => file.type === 'chunk').code.trim();
}

/**
 * A page is `src/<name>/{index.html,main.ts,main.css}`, its style after the tokens of `src/look`. The template says
 * `<script type="module" src="./main.ts"></script>` and `<link rel="stylesheet" href="./main.css" />`, exactly so;
 * both become hashed assets with `integrity`.
 */
async function buildPage(name) {
  const script = await bundle(join(root, `src/${name}/main.ts`), 'es');
  const style = join(root, `src/${name}/main.css`);
  const css =
    (await readFile(join(root, 'src/look/tokens.css'), 'utf8')) + (await readFile(style, 'utf8'));
  const scriptFile = await emit(hashedName(name, 'js', script), script);
  manifest.entries[name] = scriptFile;
  let html = await readFile(join(root, `src/${name}/index.html`), 'utf8');
  html = replaceOnce(
    html,
    '<script type="module" src="./main.ts"></script>',
    (integrity, url) => `<script type="module" src="${url}" integrity="${integrity}"></script>`,
    scriptFile,
  );
  const styleFile = await emit(hashedName(name, 'css', css), css);
  html = replaceOnce(
    html,
    '<link rel="stylesheet" href="./main.css" />',
    (integrity, url) => `<link rel="stylesheet" href="${url}" integrity="${integrity}">`,
    styleFile,
  );
  const file = await emit(`${name}.html`, html);
  manifest.documents[name] = {
    file,
    csp: {
      scriptHashes: [cspHash(script), ...inlineHashes(html, 'script')],
      styleHashes: [cspHash(css), ...inlineHashes(html, 'style')],
    },
  };
}

/** A classic script that can stand in a document. */
async function buildInline(name) {
  const script = await bundle(join(root, `src/${name}/main.ts`), 'iife');
  if (/<\/script|<!--/i.test(script))
    throw new Error(`${name} cannot be inlined: it contains </script or <!--`);
  return script;
}

/** The page runtime: a classic script, one line, that the worker writes into documents: their own lines keep their numbers. */
async function buildRuntime() {
  const script = oneLine(await buildInline('runtime'));
  manifest.runtime = { cspHash: cspHash(script), bytes: Buffer.byteLength(script) };
  if (manifest.runtime.bytes > MAX_RUNTIME_BYTES) {
    throw new Error(
      `the page runtime has ${manifest.runtime.bytes} bytes, and stands in every document: at most ${MAX_RUNTIME_BYTES}. Did an import bring a library along?`,
    );
  }
  return script;
}

/** A runtime for web workers: one line that runs in classic scripts and in modules. */
async function buildWorkerRuntime(entry) {
  const script = await bundle(join(root, `src/runtime/${entry}.ts`), 'iife');
  const line = oneLine(`(()=>{${script}})();`);
  if (/[^\x20-\x7e]/.test(line)) throw new Error('the runtime for workers must be ASCII');
  return line;
}

/** The minifier writes line feeds into template literals, and nowhere else: `Script` would tell. */
function oneLine(script) {
  const line = script.replaceAll('\n', '\\n');
  return new Script(line) && line;
}

async function buildWorker({ runtime, workerRuntime, appWorkerRuntime, starter, status }) {
  const precache = Object.keys(manifest.files)
    .filter((file) => /^assets\/loader-/.test(file))
    .map((file) => ({ url: `/.postern/${file}`, revision: null }));
  const modules = {
    'virtual:postern-runtime': `export const source = ${JSON.stringify(runtime)}; export const cspHash = ${JSON.stringify(cspHash(runtime))};`,
    'virtual:postern-worker-runtime': `export const source = ${JSON.stringify(workerRuntime)}; export const appWorkerSource = ${JSON.stringify(appWorkerRuntime)}; export const starterSource = ${JSON.stringify(starter)};`,
    'virtual:postern-status': `export const source = ${JSON.stringify(status)};`,
    'virtual:postern-precache': `export const precache = ${JSON.stringify(precache)};`,
  };
  const virtual = {
    name: 'postern-virtual',
    resolveId: (id) => (id in modules ? `\0${id}` : undefined),
    load: (id) => modules[id.slice(1)],
  };
  const script = await bundle(join(root, 'src/worker/main.ts'), 'iife', [virtual]);
  manifest.entries.worker = await emit('assets/postern-sw.js', script);
}

async function emit(file, content) {
  const bytes = Buffer.from(content);
  await writeFile(join(dist, file), bytes);
  manifest.files[file] = {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    integrity: `sha384-${createHash('sha384').update(bytes).digest('base64')}`,
    bytes: bytes.length,
    gzipBytes: gzipSync(bytes, { level: 9 }).length,
    brotliBytes: brotliCompressSync(bytes).length,
  };
  return file;
}

function hashedName(name, extension, content) {
  return `assets/${name}-${createHash('sha256').update(content).digest('hex').slice(0, 12)}.${extension}`;
}

function replaceOnce(html, tag, write, file) {
  if (html.split(tag).length !== 2) throw new Error(`expected exactly one ${tag}`);
  const url = ASSET_BASE + file.slice('assets/'.length);
  return html.replace(tag, () => write(manifest.files[file].integrity, url));
}

/** CSP hashes of a document's inline elements. */
function inlineHashes(html, element) {
  const inline = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`, 'g');
  return [...html.matchAll(inline)].map(([, text]) => cspHash(text));
}

function cspHash(text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function brotliSize(predicate) {
  return Object.entries(manifest.files)
    .filter(([file]) => predicate(file))
    .reduce((sum, [, { brotliBytes }]) => sum + brotliBytes, 0);
}
