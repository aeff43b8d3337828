import { iceServerForBrowsers, iceServerForNode } from './iceServers.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { zoo } from '../zoo/index.ts';
import {
  chromiumSetting,
  ConfigError,
  isDumbTerminal,
  loadConfig,
  settingsOf,
  shardCount,
} from './config.ts';
import { environmentNameOf, flagOf, KEYS, SETTINGS } from './flags.ts';
import type { Command } from './commands.ts';

const folder = mkdtempSync(join(tmpdir(), 'tabswarm-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function messageOf(
  argv: string[],
  environment: Record<string, string> = {},
  command: Command = 'demo',
): string {
  try {
    loadConfig(command, argv, environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('the configuration was taken');
}

const ownModel = fileOf('own.json', JSON.stringify({ ...zoo.get('lenet')?.spec, name: 'own' }));

describe('defaults', () => {
  it('are those of the command', () => {
    const start = loadConfig('start', [], {});
    expect(start).toMatchObject({
      host: '0.0.0.0',
      port: 8080,
      dataDir: './data',
      maxSeconds: null,
      target: null,
    });
    expect(start).toMatchObject({
      mode: 'sync',
      shards: 1,
      maxDevices: 10_000,
      maxParameters: 4_000_000,
      momentum: 0.9,
      https: false,
      join: '',
      new: false,
      checkpoint: null,
    });
    const demo = loadConfig('demo', [], {});
    expect(demo).toMatchObject({ host: '127.0.0.1', port: 0, dataDir: null, maxSeconds: 600, tabs: 2 });
  });

  it.each([...zoo])('take the recipe of %s', (name, { spec, recipe }) => {
    const { target, mode, gradient, local } = recipe;
    const way =
      local === null
        ? { ...gradient, localSteps: 1, local: null }
        : {
            batch: local.batch,
            lr: 1,
            optimizer: 'sgd',
            localSteps: local.steps,
            local: { steps: local.steps, lr: local.lr, momentum: local.momentum, decay: local.decay },
          };
    expect(loadConfig('demo', ['--model', name], {})).toMatchObject({ spec, mode, target, ...way });
    expect(loadConfig('start', ['--model', name], {})).toMatchObject({ mode, ...way, target: null });
    const byGradients = loadConfig('demo', ['--model', name, '--local-steps', '1'], {});
    expect(byGradients).toMatchObject({ ...gradient, localSteps: 1, local: null });
  });

  it('of local steps stand for a model whose recipe has none', () => {
    const config = loadConfig('demo', ['--model', ownModel, '--local-steps', '5', '--local-lr', '0.2'], {});
    expect(config).toMatchObject({
      batch: 32,
      lr: 1,
      optimizer: 'sgd',
      localSteps: 5,
      local: { steps: 5, lr: 0.2, momentum: 0, decay: null },
    });
    const falling = loadConfig('demo', ['--model', ownModel, '--local-steps', '5', '--local-decay', '9'], {});
    expect(falling.local).toMatchObject({ decay: 9 });
    const lasting = loadConfig('demo', ['--local-decay', 'none'], {});
    expect(lasting.local).toMatchObject({ decay: null });
  });

  it('of a model from a file name no target', () => {
    const config = loadConfig('demo', ['--model', ownModel], {});
    expect(config).toMatchObject({
      batch: 32,
      lr: 0.05,
      optimizer: 'momentum',
      target: null,
      model: ownModel,
    });
    expect(config.spec.name).toBe('own');
  });
});

describe('precedence', () => {
  it('is flag, environment, default', () => {
    const environment = { TABSWARM_LR: '0.2', TABSWARM_BATCH: '8' };
    expect(loadConfig('demo', ['--lr', '0.3'], environment)).toMatchObject({
      lr: 0.3,
      batch: 8,
      momentum: 0.9,
    });
  });

  it('takes an empty variable for an unset one', () => {
    expect(loadConfig('start', [], { TABSWARM_PORT: '', TABSWARM_JOIN: '' })).toMatchObject({
      port: 8080,
      join: '',
    });
    expect(chromiumSetting({ TABSWARM_CHROMIUM: '' })).toBeNull();
    expect(chromiumSetting({ TABSWARM_CHROMIUM: '/c' })).toBe('/c');
  });

  it('leaves variables of other commands alone', () => {
    expect(loadConfig('shard', ['--shard-secret', 's'], { TABSWARM_TABS: 'many' }).tabs).toBe(2);
  });
});

describe('values', () => {
  it('are read as what they are', () => {
    const argv = [
      '--target',
      'none',
      '--max-commits',
      '200',
      '--round-size',
      '3',
      '--json',
      '--staleness',
      'none',
    ];
    expect(loadConfig('demo', argv, {})).toMatchObject({
      target: null,
      maxCommits: 200,
      roundSize: 3,
      json: true,
    });
    expect(loadConfig('start', ['--https'], {}).https).toBe(true);
    expect(loadConfig('start', ['--https', 'c.pem', 'k.pem'], {}).https).toEqual({
      cert: 'c.pem',
      key: 'k.pem',
    });
    expect(loadConfig('start', [], { TABSWARM_HTTPS: 'c.pem,k.pem' }).https).toEqual({
      cert: 'c.pem',
      key: 'k.pem',
    });
    expect(loadConfig('start', [], { TABSWARM_HTTPS: 'false', TABSWARM_NEW: 'true' })).toMatchObject({
      https: false,
      new: true,
    });
  });

  it('of shards are a number or origins', () => {
    expect(shardCount(loadConfig('start', ['--shards', '4'], {}))).toBe(4);
    const config = loadConfig('start', ['--shards', 'http://a:1/, https://b.example'], {
      TABSWARM_SHARD_SECRET: 's',
    });
    expect(config.shards).toEqual(['http://a:1', 'https://b.example']);
    expect(shardCount(config)).toBe(2);
  });
});

describe('a bad value is named with its flag', () => {
  it.each([
    ['--mode', 'bulk'],
    ['--max-parameters', '0'],
    ['--shards', '0'],
    ['--shards', 'ftp://a'],
    ['--shards', 'http://a,'],
    ['--shards', '25'],
    ['--tabs', '1.5'],
    ['--engine', 'cuda'],
    ['--node-workers', '-1'],
    ['--local-steps', '0'],
    ['--local-lr', '0'],
    ['--local-momentum', '1'],
    ['--batch', '0'],
    ['--lr', '0'],
    ['--lr', 'fast'],
    ['--lr', '-1'],
    ['--optimizer', 'adamw'],
    ['--momentum', '1'],
    ['--aggregation', 'max'],
    ['--trim', '0.5'],
    ['--trim', '0'],
    ['--clip-norm', '0'],
    ['--staleness', 'linear'],
    ['--max-staleness', '-1'],
    ['--round-size', '0'],
    ['--buffer', 'all'],
    ['--buffer', '0'],
    ['--lease-seconds', '0'],
    ['--target', '95'],
    ['--max-commits', '0'],
    ['--max-seconds', '1e9'],
    ['--evaluate-every', 'often'],
    ['--checkpoint-seconds', '0'],
    ['--seed', '4294967296'],
    ['--port', '65536'],
    ['--https', 'c.pem'],
    ['--model', 'resnet'],
    ['--requires', 'lab'],
    ['--requires', 'formFactor:watch'],
    ['--prefers', 'engine:webgpu'],
    ['--requires', 'formFactor:phone,formFactor:tablet'],
    ['--requires', 'room:a,room:b'],
    ['--prefers', 'a b:c'],
  ])('%s %s', (flag, value) => {
    const message = messageOf([flag, value]);
    expect(message).toContain(`${flag}: "${value}"`);
    expect(message).not.toContain('\n');
  });

  it('or with its variable', () => {
    expect(messageOf([], { TABSWARM_MODE: 'bulk' })).toBe(
      'TABSWARM_MODE: "bulk" is not one of async, sync, buffered',
    );
    expect(messageOf([], { TABSWARM_JSON: 'maybe' })).toBe('TABSWARM_JSON: "maybe" is not true or false');
  });

  it('but a secret is not repeated', () => {
    expect(messageOf(['--join', 'x'.repeat(129)])).not.toContain('xxx');
    expect(messageOf(['--join', ''])).toMatch(/^--join: /);
    expect(messageOf(['--open'])).toMatch(/^--open: needs --join /);
    expect(loadConfig('start', ['--open', '--join', 'sesame'], {})).toMatchObject({ open: true });
  });

  it('also where no setting has the flag, or its value is missing', () => {
    expect(messageOf(['--moed', 'sync'])).toContain('--moed');
    expect(messageOf(['sync'])).toContain('"sync"');
    expect(messageOf(['--port'])).toContain('--port');
    expect(messageOf(['--tabs', '2'], {}, 'start')).toContain('--tabs');
  });

  it('also where two settings contradict each other', () => {
    expect(messageOf(['--new', '--checkpoint', '3'], {}, 'start')).toBe(
      '--checkpoint: --new begins a run that has no checkpoint yet',
    );
    expect(messageOf([], {}, 'swarm')).toContain('--url');
    expect(messageOf([], {}, 'shard')).toContain('--shard-secret');
    expect(messageOf(['--shards', 'http://a:1'])).toContain('--shard-secret');
  });
});

describe('a model that is too large for its messages', () => {
  it('[MD14] is refused by name, with both numbers, and read where it fits exactly', () => {
    const load = (most: string) => loadConfig('start', ['--model', 'lenet', '--max-parameters', most], {});
    expect(() => load('5993')).toThrow(
      '--model: lenet has 5994 parameters, above the 5993 of --max-parameters; raise that',
    );
    expect(load('5994').maxParameters).toBe(5994);
  });

  it('[MD14] is none of the zoo, as things are', () => {
    for (const model of zoo.keys()) expect(() => loadConfig('start', ['--model', model], {})).not.toThrow();
  });
});

describe('a repeatable run', () => {
  it('[RN12] implies what it takes, whatever the recipe says, and the settings show it', () => {
    for (const model of zoo.keys()) {
      const config = loadConfig(
        'demo',
        ['--repeatable', '--model', model, '--tabs', '3', '--tab-workers', '2'],
        {},
      );
      const implied = { repeatable: true, mode: 'sync', placement: 'uniform', roundSize: 6, guardJump: null };
      expect(config).toMatchObject(implied);
      expect(settingsOf(config)).toMatchObject(implied);
    }
    const given = ['--repeatable', '--round-size', '4', '--mode', 'sync', '--placement', 'uniform'];
    expect(loadConfig('start', given, {})).toMatchObject({
      roundSize: 4,
      mode: 'sync',
      placement: 'uniform',
    });
    expect(loadConfig('demo', [], {})).toMatchObject({
      repeatable: false,
      roundSize: 'all',
      placement: 'ilp',
      guardJump: 3,
    });
  });

  it.each([
    ['--mode', 'async'],
    ['--placement', 'ilp'],
    ['--placement', 'greedy'],
    ['--round-size', 'all'],
    ['--engine', 'webgpu'],
    ['--engine', 'tfjs-cpu'],
    ['--guard-jump', 5],
    ['--aggregation', 'auto'],
  ])('[RN13] is none with %s %s, which is named', (flag, value) => {
    const message = messageOf(['--repeatable', flag, String(value)]);
    expect(message).toContain(`${flag}: ${JSON.stringify(value)} cannot be repeatable: `);
    expect(message).not.toContain('\n');
  });

  it('[RN13] of a server is told the size of its rounds, and the variable that says otherwise is named', () => {
    expect(messageOf(['--repeatable'], {}, 'start')).toMatch(/^--repeatable: needs --round-size, /);
    expect(messageOf([], { TABSWARM_REPEATABLE: 'true', TABSWARM_MODE: 'async' })).toMatch(
      /^TABSWARM_MODE: /,
    );
  });

  it('[RN8] [CK8] stays one at the next start, and another does not become one unnoticed', () => {
    const first = settingsOf(loadConfig('start', ['--repeatable', '--round-size', '3'], {}));
    const resumed = loadConfig('start', [], {}, first);
    expect(resumed).toMatchObject({ repeatable: true, roundSize: 3, mode: 'sync', placement: 'uniform' });
    const other = settingsOf(loadConfig('start', [], {}));
    expect(() => loadConfig('start', ['--repeatable'], {}, other)).toThrow(
      /^the run's --aggregation: "auto" cannot be repeatable/,
    );
  });
});

describe('a model from a file', () => {
  const lenet = zoo.get('lenet')?.spec;
  const written = (changes: object) => JSON.stringify({ ...lenet, name: 'own', ...changes }, null, 2);
  const text = written({});

  it.each([
    [
      'without-a-comma.json',
      text.replace('"own",', '"own"'),
      'is not JSON: line 3, column 3: comma expected',
    ],
    ['half.json', text.slice(0, 30), 'is not JSON: line 3, column '],
    ['words.json', 'no json', 'is not JSON: line 1, column 1: '],
    ['nothing.json', '', 'is not JSON: line 1, column 1: value expected'],
    ['trailing.json', '{\n  "name": "a",\n}\n', 'is not JSON: line 3, column 1: property name expected'],
    ['commented.json', `// mine\n${text}`, 'is not JSON: line 1, column 1: invalid comment token'],
    ['empty.json', '{}', 'model: name is missing'],
    ['flat.json', written({ layers: [{ kind: 'relu' }] }), 'model: the last layer'],
    [
      'stride.json',
      written({ layers: [{ kind: 'conv2d', filters: 4, kernel: 3, stride: 3 }] }),
      'model: layers.0 (conv2d): stride 3 is not 1 or 2',
    ],
  ])('[MD6] [MD7] %s is refused in words that say where', (name, content, part) => {
    const path = fileOf(name, content);
    const message = messageOf(['--model', path]);
    expect(message).toContain(`--model: "${path}"`);
    expect(message).toContain(part);
    expect(message).not.toContain('\n');
  });

  it('that begins with the mark that some editors write is read', () => {
    expect(loadConfig('demo', ['--model', fileOf('marked.json', `\uFEFF${text}`)], {}).spec.name).toBe('own');
  });

  it.each([
    [
      'small.json',
      { input: [20, 20, 1] },
      'model: input 20 x 20 x 1 does not fit MNIST, whose images are 28 x 28 x 1',
    ],
    [
      'few.json',
      { layers: [{ kind: 'flatten' }, { kind: 'dense', units: 6 }] },
      'model: its last layer has 6 units, MNIST has 10 classes',
    ],
  ])(
    '[MD5] [MD11] %s, which does not fit the data set, is refused by every command that has a run',
    (name, changes, part) => {
      const path = fileOf(name, written(changes));
      for (const command of ['start', 'demo'] as const) {
        expect(messageOf(['--model', path], {}, command)).toContain(`--model: "${path}": ${part}`);
      }
      expect(messageOf([], { TABSWARM_MODEL: path })).toContain(`TABSWARM_MODEL: "${path}": ${part}`);
    },
  );

  it('[MD5] [CK8] that does not fit is refused too where the run has it', () => {
    const path = fileOf('changed.json', text);
    const settings = settingsOf(loadConfig('start', ['--model', path], {}));
    fileOf('changed.json', written({ input: [20, 20, 1] }));
    expect(() => loadConfig('start', [], {}, settings)).toThrow(
      `the run's --model: "${path}": model: input 20 x 20 x 1 does not fit MNIST`,
    );
  });
});

describe('a name that is misspelt', () => {
  it.each([
    ['--model', 'lenett', 'lenet'],
    ['--model', 'LeNet', 'lenet'],
    ['--model', 'ray-convet', 'ray-convnet'],
    ['--model', 'cnn_32_64', 'cnn-32-64'],
    ['--dataset', 'MNIST', 'mnist'],
    ['--optimizer', 'adamw', 'adam'],
    ['--optimizer', 'SGD', 'sgd'],
    ['--aggregation', 'trimmed-mean', 'trimmedMean'],
    ['--mode', 'asynch', 'async'],
    ['--engine', 'wasn', 'wasm'],
    ['--engine', 'tfjs-webg', 'tfjs-webgl'],
    ['--placement', 'uniforn', 'uniform'],
    ['--transport', 'web-rtc', 'webrtc'],
  ])('%s %s is asked back for %s', (flag, value, meant) => {
    expect(messageOf([flag, value])).toMatch(new RegExp(`; did you mean ${meant}\\?$`));
  });

  it('is not guessed at where nothing is near', () => {
    expect(messageOf(['--optimizer', 'sum'])).toBe('--optimizer: "sum" is not one of sgd, momentum, adam');
    expect(messageOf(['--model', 'resnet'])).toMatch(/ is no model of the zoo \([\w, -]+\)$/);
  });

  it('is a path where it looks like one, and is told what is wrong with that', () => {
    expect(messageOf(['--model', './lenett'])).toBe('--model: "./lenett" is a file that does not exist');
    expect(messageOf(['--model', join(folder, 'absent.json')])).toMatch(/ is a file that does not exist$/);
    expect(messageOf(['--model', join(ownModel, 'deeper')])).toMatch(/ is a file that does not exist$/);
    expect(messageOf(['--model', folder])).toMatch(/ is a folder, not a file$/);
  });
});

describe('--ice-servers', () => {
  it('reads STUN and TURN servers, and gives each end what it takes', () => {
    const list = 'stun:stun.example.org, turn:ann:pass%word@10.0.0.1:3479';
    const { iceServers } = loadConfig('start', ['--ice-servers', list], {});
    expect(iceServers.map(iceServerForBrowsers)).toEqual([
      { urls: 'stun:stun.example.org:3478' },
      { urls: 'turn:10.0.0.1:3479', username: 'ann', credential: 'pass%word' },
    ]);
    expect(iceServers.map(iceServerForNode)).toEqual([
      'stun:stun.example.org:3478',
      'turn:ann:pass%25word@10.0.0.1:3479',
    ]);
  });

  it.each(['http://a', 'stun:', 'turn:host:3478', 'turn:user@host', 'stun:a,,stun:b', 'stun:a b'])(
    'refuses %s',
    (list) => {
      expect(messageOf(['--ice-servers', list])).toContain('--ice-servers');
    },
  );
});

describe('a run that goes on', () => {
  const again = (...argv: string[]) => {
    const settings = settingsOf(loadConfig('start', argv, {}));
    return loadConfig('start', [], {}, settings);
  };

  it('[CK17] keeps that there is no decay or average, where its model has both', () => {
    expect(loadConfig('start', [], {})).toMatchObject({ localDecay: 60, average: 20 });
    expect(again('--local-decay', 'none', '--average', 'none')).toMatchObject({
      localDecay: null,
      average: null,
    });
  });

  it('[CK17] keeps how its gradients are taken', () => {
    expect(again('--local-steps', '1', '--lr', '0.01')).toMatchObject({
      localSteps: 1,
      lr: 0.01,
      average: null,
    });
  });

  it('[CK17] goes on without what its checkpoint is older than', () => {
    const { average, localSteps, ...older } = settingsOf(loadConfig('start', [], {}));
    expect([average, localSteps]).toEqual([20, 120]);
    expect(loadConfig('start', [], {}, { ...older, localSteps: 120 })).toMatchObject({ average: null });
    expect(loadConfig('start', [], {}, older)).toMatchObject({ localSteps: 1, average: null });
    expect(loadConfig('start', ['--average', '5'], {}, older).average).toBe(5);
  });

  it('[DS14] [CK17] keeps its data set, which an older one does not name', () => {
    const { dataset, ...older } = settingsOf(loadConfig('start', [], {}));
    expect(dataset).toBe('mnist');
    expect(loadConfig('start', [], {}, older).dataset).toBe('mnist');
    expect(() => loadConfig('start', [], {}, { ...older, dataset: 'squares' })).toThrow(
      'the run\'s --dataset: "squares" is not one of mnist',
    );
  });

  it('[CD6] [CK17] keeps the codec of its updates, which an older one does not name', () => {
    const { codec, ...older } = settingsOf(loadConfig('start', ['--codec', 'float16'], {}));
    expect(codec).toBe('float16');
    expect(again('--codec', 'float16')).toMatchObject({ codec: 'float16' });
    expect(loadConfig('start', [], {}, older).codec).toBe('float32');
  });

  it('[CK17] keeps what it requires and prefers of devices', () => {
    const asked = ['--requires', 'room:lab, floor:2,formFactor:desktop', '--prefers', 'formFactor:phone'];
    expect(again(...asked)).toMatchObject({
      requires: { labels: { room: 'lab', floor: '2' }, formFactor: 'desktop' },
      prefers: { formFactor: 'phone' },
    });
    expect(again('--requires', 'none')).toMatchObject({ requires: null, prefers: null });
  });
});

describe('settingsOf', () => {
  it('has what the command has, as primitives and without secrets', () => {
    const argv = [
      '--lr',
      '0.25',
      '--join',
      'secret',
      '--https',
      'c',
      'k',
      '--shards',
      'http://a:1,http://b:2',
    ];
    const settings = settingsOf(loadConfig('start', argv, { TABSWARM_SHARD_SECRET: 'secret too' }));
    expect(settings).toMatchObject({
      https: 'certificate',
      shards: 'http://a:1,http://b:2',
      lr: 0.25,
      target: null,
    });
    expect(JSON.stringify(settings)).not.toContain('secret');
    expect(Object.keys(settings)).not.toContain('tabs');
  });
});

describe('the table', () => {
  it('names flags and variables by one rule', () => {
    expect(flagOf('maxCommits')).toBe('--max-commits');
    expect(environmentNameOf('maxCommits')).toBe('TABSWARM_MAX_COMMITS');
  });

  it.each(KEYS)('says of %s what it does in one sentence', (key) => {
    const { help, commands } = SETTINGS[key];
    expect(help).toMatch(/^[A-Z].*\.$/);
    expect(commands.length).toBeGreaterThan(0);
  });
});

it('a dumb terminal is one where TERM says so', () => {
  expect(isDumbTerminal({ TERM: 'dumb' })).toBe(true);
  for (const environment of [{}, { TERM: 'xterm-256color' }]) expect(isDumbTerminal(environment)).toBe(false);
});
