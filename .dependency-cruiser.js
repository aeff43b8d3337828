/**
 * The walls between the rooms: what each folder may import. `npm run lint` holds them, type imports included.
 * Paths are from the repository's root.
 */

const NPM = (...names) => names.map((name) => `node_modules/${name}(/|$)`);
const TRANSPORTS = NPM(
  'fastify',
  '@fastify/[^/]+',
  'socket\\.io',
  'socket\\.io-client',
  'node-datachannel',
  'simple-peer',
);
const TOOLS = NPM('playwright', 'vite', 'vitest', 'commander');
const TESTS = ['\\.test\\.ts$', '/testing/', '/fixtures/'];

/** Files under `from` import nothing under `to`. */
const wall = (name, comment, from, to, except = []) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: [...TESTS, ...except] },
  to: { path: to },
});
const noNode = (name, comment, from, except = []) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: [...TESTS, ...except] },
  to: { dependencyTypes: ['core'] },
});

/** What a folder of the core may import of the others; all of them may import what lies in server/core itself. */
const CORE = {
  aggregation: [],
  policy: [],
  shard: ['aggregation'],
  placement: ['policy', 'crowd'],
  crowd: [],
  run: ['aggregation', 'policy', 'shard', 'placement', 'crowd'],
};

export default {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'Two files that import each other are one file, or lack a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    wall(
      'shared-alone',
      'shared/ imports neither client/ nor server/.',
      '^shared/',
      '^(client|server|e2e|bench)/',
    ),
    ...['client', 'server'].map((side) => ({
      name: `shared-used-by-${side}`,
      comment: `shared/ holds what both sides use: ${side}/ does not reach this.`,
      severity: 'error',
      from: { path: `^${side}/`, pathNot: TESTS },
      to: { path: '^shared/.*\\.ts$', pathNot: [...TESTS, '\\.d\\.ts$'], reachable: false },
    })),
    wall('shared-plain', 'shared/ runs anywhere: no transport and no tool.', '^shared/', [
      ...TRANSPORTS,
      ...TOOLS,
    ]),
    noNode('shared-without-node', 'shared/ runs anywhere: nothing of Node.', '^shared/'),
    wall('client-alone', 'client/ imports shared/ alone.', '^client/', '^(server|e2e|bench)/'),
    wall('client-without-tools', 'What a page loads has no tool in it.', '^client/', TOOLS),
    noNode('client-without-node', 'Only client/node runs in Node.', '^client/', ['^client/node/']),
    wall(
      'server-alone',
      'Of client/, server/ imports what runs without a browser alone.',
      '^server/',
      '^client/(?!node/)',
    ),
    wall('nothing-ships-tests', 'What ships imports no test and no benchmark.', '^(shared|client|server)/', [
      '^(e2e|bench)/',
      ...TESTS,
    ]),
    wall('core-plain', 'The core is plain code: no transport and no tool.', '^server/core/', [
      ...TRANSPORTS,
      ...TOOLS,
    ]),
    noNode('core-without-node', 'The core is plain code: no file, clock or thread.', '^server/core/'),
    wall('core-alone', 'The core imports shared/ alone.', '^server/core/', '^(client|server/(?!core/))'),
    ...Object.entries(CORE).map(([room, may]) =>
      wall(
        `core-${room}`,
        `Of the core's folders, ${room} imports ${may.length === 0 ? 'none' : `${may.join(', ')} alone`}.`,
        `^server/core/${room}/`,
        `^server/core/(?!${[room, ...may].join('|')})[^/]+/`,
      ),
    ),
    wall(
      'config-alone',
      'Settings are read without what they set up.',
      '^server/config/',
      '^server/(app|cli|gateway|http|webrtc|shardLink|terminal|swarm|threads)/',
    ),
    wall('commands-on-top', 'Nothing imports a command.', '^server/(?!cli/)', '^server/cli/'),
    wall(
      'composition-on-top',
      'Parts do not know how they are put together.',
      '^server/(core|gateway|http|store|dataset|threads|webrtc|shardLink|config|zoo)/',
      '^server/(app|terminal|swarm)/',
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|data)/' },
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
