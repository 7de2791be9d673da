export default {
  // One lockfile among many above it: say which folder is the application.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  // Next compares Origin with Host or X-Forwarded-Host, which the connector sends.
  images: { unoptimized: true },
};
