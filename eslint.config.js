import prettier from 'eslint-config-prettier';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

// Top packages meet in a wire format or an HTTP schema, never in an import (docs/architecture.md).
const onNode = ['node', 'controller', 'router', 'connector'];
const parts = ['controller', 'router', 'connector', 'gateway', 'sw', 'web', 'cli'];
/** What all parts have in common on Node; `shared` is what they have in common everywhere. */
const nodePackage = {
  group: ['@postern/node', '@postern/node/*', '**/node/src/**'],
  message: 'this code runs in browsers or Workers too.',
};
const onlyOwnAndCommon = (own, mayUseNode = onNode) => ({
  files: [`${own}/src/**/*.{ts,tsx}`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...parts
            .filter((part) => part !== own)
            .map((part) => ({
              group: [`@postern/${part}`, `@postern/${part}/*`, `**/${part}/src/**`],
              message: `${own} may import only what is common: parts meet in a wire format or an HTTP schema.`,
            })),
          ...(mayUseNode.includes(own) ? [] : [nodePackage]),
        ],
      },
    ],
  },
});

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      'test/.cache/**',
      '**/.next/**',
      '**/*.mjs',
      '**/*.js',
      '**/*.d.mts',
      '**/*.gen.ts',
      '.wrangler/**',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'no-console': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
    },
  },
  ...['node', 'controller', 'router', 'connector', 'gateway', 'sw', 'web'].map((part) =>
    onlyOwnAndCommon(part),
  ),
  { files: ['web/src/**/*.{ts,tsx}'], ...reactHooks.configs.flat['recommended-latest'] },
  {
    // The gateway's Node process, which Workers never load, serves metrics as the other parts do.
    ...onlyOwnAndCommon('gateway', ['gateway']),
    files: ['gateway/src/node.ts'],
  },
  {
    files: ['shared/src/**/*.ts'],
    ignores: ['shared/src/**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['node:*'],
              message: 'shared runs in browsers and Workers too: inject what Node offers.',
            },
            {
              group: ['@postern/*'],
              message: 'shared imports nothing of ours: use relative paths.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.test.{ts,tsx}', 'test/**/*.ts', '**/vitest*.config.ts'],
    languageOptions: { parserOptions: { projectService: false, project: 'tsconfig.tests.json' } },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/require-await': 'off',
      // REST bodies are looked into without a schema.
      '@typescript-eslint/no-explicit-any': 'off',
      // What afterAll ends may not exist when beforeAll failed.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      'max-lines': 'off',
    },
  },
  prettier,
);
