import { fileURLToPath } from 'node:url';
import { cloudflareTest } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';

// The gateway's tests once more inside workerd, the runtime of Cloudflare Workers.
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [cloudflareTest({ miniflare: { compatibilityDate: '2026-01-01' } })],
  resolve: { conditions: ['postern-source', 'workerd', 'worker', 'module', 'default'] },
  test: { name: 'workers', include: ['src/**/*.worker.test.ts'] },
});
