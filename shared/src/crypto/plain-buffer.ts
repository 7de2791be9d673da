/**
 * WebCrypto takes no views on shared memory, and TypeScript's types say so. Nothing in Postern
 * shares memory, so the view is passed on as it is.
 */
export function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
