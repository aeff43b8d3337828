import tseslint from 'typescript-eslint';

/** What reads the time of the machine; server/app/machineTime.ts alone may. */
const TIME = 'The time of the machine is read in server/app/machineTime.ts alone, and injected.';
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
  message: 'Commands write by server/terminal/output.ts, which outlives its readers.',
}));

/** Forms that save lines and cost readers. */
const FOLDED = [
  {
    selector: 'ObjectExpression > SpreadElement > ObjectExpression',
    message: 'Write the fields of the literal one by one.',
  },
  {
    selector: 'VariableDeclarator[id.type="ArrayPattern"][init.type="ArrayExpression"]',
    message: 'Declare one constant a line.',
  },
];

/* One program for all files: `npm run typecheck` checks each folder under the types that it may use. */
export default tseslint.config(
  { ignores: ['dist', 'data', 'node_modules', 'test-results', 'playwright-report'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: 'tsconfig.lint.json', tsconfigRootDir: import.meta.dirname },
    },
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
      'no-restricted-syntax': ['error', ...FOLDED],
    },
  },
  { files: ['bench/**', 'e2e/**'], rules: { 'no-console': 'off' } },
  {
    files: ['server/**'],
    ignores: ['server/app/machineTime.ts', '**/*.test.ts'],
    rules: {
      'no-restricted-properties': ['error', ...TIMES],
      'no-restricted-syntax': [
        'error',
        ...FOLDED,
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: TIME },
        { selector: "CallExpression[callee.name='Date']", message: TIME },
      ],
    },
  },
  {
    files: ['server/{app,cli,config,terminal}/**'],
    ignores: ['server/terminal/output.ts', 'server/app/machineTime.ts', '**/*.test.ts'],
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
