/** Made by build.mjs. */
declare module 'virtual:postern-runtime' {
  /** The page runtime, one classic script without `</script`. */
  export const source: string;
  /** Its CSP source expression, `'sha256-…'`. */
  export const cspHash: string;
}

declare module 'virtual:postern-worker-runtime' {
  /** The same for the application's own service workers. */
  export const appWorkerSource: string;
  /** Script of the page that does nothing but start one. */
  export const starterSource: string;
  /** The runtime for web workers, one line that runs in classic scripts and in modules. */
  export const source: string;
}

declare module 'virtual:postern-precache' {
  /** The loader's hashed files. */
  export const precache: { url: string; revision: string | null }[];
}

declare module '*.css?raw' {
  const text: string;
  export default text;
}

declare module 'virtual:postern-status' {
  /** The script of the status page, without `</script`. */
  export const source: string;
}
