/** The blobs behind the `blob:` URLs that a page makes, which nothing tells of a URL afterwards. */
import { intercept } from './native-look.ts';

export interface BlobUrls {
  /** The blob of a URL made here and not revoked. */
  find(url: string): Blob | undefined;
  /** The browser's own functions, for URLs of the runtime. */
  create(blob: Blob): string;
  revoke(url: string): void;
}

/** Notes what `createObjectURL` is given; the browser holds each blob as long as its URL anyway. */
export function watchBlobUrls(Url: typeof URL): BlobUrls {
  const blobs = new Map<string, Blob>();
  const create = Url.createObjectURL.bind(Url);
  const revoke = Url.revokeObjectURL.bind(Url);
  intercept(Url, 'createObjectURL', (native, self, args) => {
    const url = Reflect.apply(native, self, args) as string;
    const [object] = args;
    if (object instanceof Blob) blobs.set(url, object);
    return url;
  });
  intercept(Url, 'revokeObjectURL', (native, self, args) => {
    Reflect.apply(native, self, args);
    blobs.delete(String(args[0]));
  });
  return { find: (url) => blobs.get(url), create, revoke };
}
