import { defineConfig } from 'vitest/config';

// Tests run from source: workspace packages export it under this condition.
const conditions = ['postern-source', 'module', 'node', 'default'];
const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  oxc: { target: 'es2022' as const },
};

export default defineConfig({
  test: {
    coverage: {
      include: ['*/src/**/*.ts'],
      reporter: ['text', 'html'],
      reportsDirectory: 'test/.cache/coverage',
    },
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['*/src/**/*.test.ts'],
          exclude: ['**/*.worker.test.ts'],
          // Some make a database for each test, which takes seconds where the disk is busy.
          testTimeout: 20_000,
          hookTimeout: 30_000,
          // Styles are imported as text.
          css: true,
        },
      },
      {
        ...shared,
        test: {
          name: 'integration',
          include: [
            'test/integration/**/*.test.ts',
            'test/conformance/**/*.test.ts',
            'test/fault/**/*.test.ts',
            'test/fuzz/**/*.test.ts',
            'test/interop/**/*.test.ts',
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/wpt/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // Two files at once take two thirds of the time on two cores, but WebKit has hung beside another browser.
          fileParallelism: false,
        },
      },
      {
        ...shared,
        test: {
          name: 'bench',
          include: ['test/bench/**/*.bench.ts'],
          testTimeout: 600_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        ...shared,
        test: {
          name: 'apps',
          include: ['test/apps/**/*.apps.ts'],
          testTimeout: 300_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      './gateway/vitest.workers.config.ts',
    ],
  },
});
