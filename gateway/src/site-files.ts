import { type AssetStore, contentTypeOf } from './assets.ts';
import type { Reply } from './responses.ts';

/** URL path of the folder of hashed files. */
export const ASSETS_PATH = '/.postern/assets/';

/** A file held in memory, ready to be sent. */
export interface SiteFile {
  text: Uint8Array<ArrayBuffer>;
  etag: string;
}

export interface SiteDocument extends SiteFile {
  scriptHashes: readonly string[];
  styleHashes: readonly string[];
}

export interface SiteFiles {
  loader: SiteDocument;
  login: SiteDocument;
  serviceWorker: SiteFile;
  /** The style that pages without script share. */
  pageStyle: string;
  /** The reply for a path below {@link ASSETS_PATH}; `undefined` when the manifest has no such file. */
  asset(path: string): Promise<Reply | undefined>;
}

/** Reads the documents and the worker at once, and other files when asked for. */
export async function loadSiteFiles(store: AssetStore): Promise<SiteFiles> {
  const { documents, entries, files, styles } = store.manifest;
  const etagOf = (file: string) => `"${files[file]?.sha256 ?? ''}"`;
  const document = async ({ file, csp }: (typeof documents)['loader']): Promise<SiteDocument> => ({
    text: await store.get(file),
    etag: etagOf(file),
    ...csp,
  });
  const served = new Map(
    Object.keys(files)
      .filter((file) => file.startsWith('assets/') && file !== entries.worker)
      .map((file) => [ASSETS_PATH + file.slice('assets/'.length), file]),
  );
  return {
    loader: await document(documents.loader),
    login: await document(documents.login),
    pageStyle: new TextDecoder().decode(await store.get(styles.page)),
    serviceWorker: { text: await store.get(entries.worker), etag: etagOf(entries.worker) },
    async asset(path) {
      const file = served.get(path);
      if (file === undefined) return undefined;
      return {
        body: await store.get(file),
        type: contentTypeOf(file),
        cacheControl: 'public, max-age=31536000, immutable',
        etag: etagOf(file),
      };
    },
  };
}
