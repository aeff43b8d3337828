import { builtinModules } from 'node:module';
import tseslint from 'typescript-eslint';

/** An import wall: files under `folder` may not import what `patterns` name. */
const wall = (files, message, group, ignores = []) => ({
  files,
  ignores,
  rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] },
});

const TRANSPORTS = [
  'fastify',
  'fastify/*',
  '@fastify/*',
  'socket.io',
  'socket.io-client',
  'node-datachannel',
  'simple-peer*',
];
/** Node's own modules, by either name. */
const NODE = ['node:*', ...builtinModules];
/** What reads the time of the machine; server/cli/machineTime.ts alone may. */
const TIME = 'The time of the machine is read in server/cli/machineTime.ts alone, and injected.';
const TIMES = [
  { object: 'Date', property: 'now', message: TIME },
  { object: 'performance', property: 'now', message: TIME },
  { object: 'performance', property: 'timeOrigin', message: TIME },
  { object: 'process', property: 'hrtime', message: TIME },
  { object: 'process', property: 'uptime', message: TIME },
];
const OUTPUTS = ['stdout', 'stderr'].map((property) => ({
  object: 'process',
  property,
  message: 'Commands write by server/cli/output.ts, which outlives its readers.',
}));
const TOOLS = ['playwright', 'vite', 'vitest', 'commander', '**/e2e/**', '**/bench/**'];

export default tseslint.config(
  { ignores: ['dist', 'data', 'node_modules', 'test-results', 'playwright-report'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  { files: ['bench/**', 'e2e/**'], rules: { 'no-console': 'off' } },
  wall(
    ['shared/**'],
    'shared/ is isomorphic: it imports neither Node, nor a transport, nor client/ or server/.',
    [...NODE, '**/client/**', '**/server/**', ...TRANSPORTS, ...TOOLS],
    // Contract suites are tests too, wherever they are run from.
    ['**/*.test.ts', 'shared/engine/testing/**', 'shared/transport/testing/**'],
  ),
  wall(
    ['client/**'],
    'client/ imports shared/ alone.',
    [...NODE, '**/server/**', ...TOOLS],
    ['client/node/**', '**/*.test.ts'],
  ),
  wall(
    ['server/**'],
    'server/ imports shared/, and of client/ only what runs without a browser.',
    ['**/client/**', '!**/client/node', '!**/client/node/**'],
    ['server/core/**', '**/*.test.ts'],
  ),
  wall(
    ['server/core/**'],
    'server/core is plain code: no transport, file, clock or thread, and nothing of the folders beside it.',
    [
      ...NODE,
      ...TRANSPORTS,
      ...TOOLS,
      ...['gateway', 'http', 'store', 'threads', 'dataset', 'cli'].map((folder) => `**/${folder}/**`),
      '!**/shared/**',
      '**/client/**',
    ],
    ['**/*.test.ts'],
  ),
  {
    files: ['server/**'],
    ignores: ['server/cli/machineTime.ts', '**/*.test.ts'],
    rules: {
      'no-restricted-properties': ['error', ...TIMES],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: TIME },
        { selector: "CallExpression[callee.name='Date']", message: TIME },
      ],
    },
  },
  {
    files: ['server/cli/**'],
    ignores: ['server/cli/output.ts', 'server/cli/machineTime.ts', '**/*.test.ts'],
    rules: {
      'no-restricted-properties': ['error', ...TIMES, ...OUTPUTS],
    },
  },
  {
    files: ['server/core/**'],
    rules: {
      'no-restricted-globals': ['error', 'setTimeout', 'setInterval', 'setImmediate', 'process', 'fetch'],
      'no-restricted-properties': [
        'error',
        ...TIMES,
        { object: 'Math', property: 'random', message: 'The core has seeded generators.' },
        { object: 'Math', property: 'pow', message: 'Not the same bits everywhere.' },
      ],
    },
  },
);
