import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const ENVIRONMENT = {
  object: 'process',
  property: 'env',
  message: 'The environment is read only in a config.ts, where a schema reports every mistake at once.',
};

/** Functions here still take more than three parameters, or are called from there; the list only ever gets shorter. */
const WITH_LONG_LISTS = [
  'services/sdk-client/src/relay/**',
  'services/sdk-client/src/turn/**',
  'services/sdk-client/src/queue/try-turn.ts',
  'services/sdk-client/src/reply/live-reply.ts',
];

export default tseslint.config(
  { ignores: ['**/node_modules/', '.data/', '**/dist/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-properties': ['error', ENVIRONMENT],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'preserve-caught-error': 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
    },
  },
  {
    files: ['**/config.ts', '**/*-config.ts', '**/*.test.ts', 'test/**'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    // A reader of a call with four values in a row cannot tell which is which: pass them by name in one object.
    // Tests are left out, because Vitest hands a table's columns over one by one.
    files: ['**/*.ts', '**/*.mjs'],
    ignores: ['**/*.test.ts', '**/*.fixture.ts', 'test/**', ...WITH_LONG_LISTS],
    // `this` is a declaration, and no value that a caller passes.
    rules: { 'max-params': ['error', { max: 3, countThis: 'never' }] },
  },
  // A port is asynchronous, node:sqlite is not.
  { files: ['**/sqlite-*.ts'], rules: { '@typescript-eslint/require-await': 'off' } },
  {
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', module: 'writable' },
    },
  },
  prettier,
);
