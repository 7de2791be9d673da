import { z } from 'zod';

const pathInDist = z.string().regex(/^(?:assets\/)?[A-Za-z0-9._-]{1,128}$/);
const sources = z.array(z.string().regex(/^'sha256-[A-Za-z0-9+/=]{44}'$/)).max(16);
const document = z.object({
  file: pathInDist,
  csp: z.object({ scriptHashes: sources, styleHashes: sources }),
});

/** `sw/dist/manifest.json`, written by `sw/build.mjs`: what is served besides the gateway's pages. */
export const assetManifestSchema = z.object({
  version: z.literal(1),
  /** Script of the service worker, served at `/postern-sw.js` only. */
  entries: z.object({ worker: pathInDist }),
  documents: z.object({ loader: document, login: document }),
  /** Style of pages without script. */
  styles: z.object({ page: pathInDist }),
  /** All files; those below `assets/` other than the worker are served and never change. */
  files: z.record(pathInDist, z.object({ sha256: z.string().length(64) })),
});
export type AssetManifest = z.infer<typeof assetManifestSchema>;

/** Where the built files come from: a folder on Node, the assets binding on Workers. */
export interface AssetStore {
  readonly manifest: AssetManifest;
  /** Reads a file the manifest names; rejects if it is missing. */
  get(path: string): Promise<Uint8Array<ArrayBuffer>>;
}

const contentTypes: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  png: 'image/png',
  svg: 'image/svg+xml',
  wasm: 'application/wasm',
  woff2: 'font/woff2',
};

/** Media type by extension; unknown ones are opaque bytes, which `nosniff` keeps inert. */
export function contentTypeOf(path: string): string {
  return contentTypes[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
}
