import { describe, expect, it } from 'vitest';
import type { FromNodeWorker } from '../../client/node/messages.ts';
import type { RunStatus } from '../../shared/protocol/messages.ts';
import { JoinReport } from './speaker.ts';

type State = Extract<FromNodeWorker, { type: 'state' }>;

const SERVER = 'http://host/';
const RUN: RunStatus = {
  state: 'running',
  stop: null,
  model: 'lenet',
  version: 1,
  updates: 1,
  samples: 1200,
  devices: 2,
  testAccuracy: null,
  testImages: 10_000,
};

/** A speaker for some workers, and what it said and asked for. */
function speaking(count: number) {
  const said: string[] = [];
  const news = () => said.splice(0);
  const speaker = new JoinReport({
    noun: 'worker',
    count,
    server: SERVER,
    againSeconds: 30,
    say: (line) => said.push(line),
    lost: () => said.push('(lost)'),
    refused: (index) => said.push(`(refused ${index})`),
    over: (exitCode) => said.push(`(over ${exitCode})`),
  });
  const state = (
    index: number,
    is: State['state'],
    message: string | null = null,
    outcome?: State['outcome'],
  ) => speaker.hear(index, { type: 'state', state: is, message, outcome });
  const status = (changes: Partial<RunStatus> = {}, index = 0) =>
    speaker.hear(index, { type: 'status', status: { ...RUN, ...changes } });
  return { speaker, news, state, status };
}

const engine = (note: string | null = null, detail = 'SIMD'): FromNodeWorker => ({
  type: 'engine',
  name: 'wasm',
  detail,
  software: false,
  note,
});

describe('a line a change', () => {
  it('[CL2] says once that it is connected, with what several train, and when the server is lost and back', () => {
    const { speaker, news, state } = speaking(2);
    for (const index of [0, 1]) state(index, 'connecting');
    expect(news()).toEqual([]);
    for (const index of [0, 1]) {
      state(index, 'loading');
      speaker.hear(index, engine());
      state(index, 'waiting');
      state(index, 'training');
    }
    expect(news()).toEqual(['Connected to http://host/.', 'worker 1 trains with wasm (SIMD).']);
    state(1, 'connecting');
    expect(news()).toEqual([]);
    state(0, 'connecting');
    expect(news()).toEqual(['(lost)']);
    state(1, 'waiting');
    state(0, 'waiting');
    expect(news()).toEqual(['Connected to http://host/ again.']);
  });

  it('[CL2] names the one that trains with something else, and why', () => {
    const { speaker, news } = speaking(3);
    speaker.hear(0, engine());
    speaker.hear(1, engine('webgpu failed: no adapter', ''));
    speaker.hear(2, engine());
    expect(news()).toEqual([
      'worker 1 trains with wasm (SIMD).',
      'worker 2 trains with wasm; webgpu failed: no adapter.',
    ]);
  });

  it('[CL2] says what the run does, by the word of one of them', () => {
    const { news, state, status } = speaking(2);
    state(0, 'waiting');
    state(1, 'waiting');
    news();
    status();
    status({ version: 2 });
    expect(news()).toEqual([]);
    status({ state: 'paused' });
    // The other one's word of before comes later.
    status({}, 1);
    status({ state: 'paused' });
    status({ state: 'running' });
    status({ state: 'stopped', stop: 'target' });
    expect(news()).toEqual([
      'The run of lenet is paused. The workers wait for it to go on.',
      'The run of lenet goes on.',
      'The run of lenet reached its target accuracy. The workers wait in case it is started again.',
    ]);
  });

  it('[CL2] says why there is no work, once, and that there is again', () => {
    const { news, state } = speaking(2);
    state(0, 'waiting');
    state(1, 'waiting');
    news();
    for (const index of [0, 1, 0]) state(index, 'waiting', 'in reserve, since this run requires room: lab');
    state(0, 'training');
    state(0, 'training');
    expect(news()).toEqual([
      'worker 1 waits: in reserve, since this run requires room: lab.',
      'worker 1 has work.',
    ]);
  });
});

describe('how the run does', () => {
  it('[CL2] is the word of the server, with the speed of those that are at work here', () => {
    const { speaker, state, status } = speaking(2);
    expect(speaker.progress()).toBeNull();
    state(0, 'training');
    state(1, 'waiting');
    status({ testAccuracy: 0.9431 });
    for (const index of [0, 1]) {
      speaker.hear(index, { type: 'progress', samplesPerSecond: 800, applied: 1, lost: 0, samples: 1 });
    }
    expect(speaker.progress()?.text).toBe(
      '1 commit  1,200 samples  2 devices  94.31%  here 1 of 2 workers at work  800 samples/s',
    );
    status({ state: 'paused' });
    expect(speaker.progress()?.text).toMatch(/not measured yet .* 0 samples\/s$/);
  });
});

describe('those that cannot go on', () => {
  it('[CL5] end the command with 2 where the person can mend it', () => {
    const { news, state } = speaking(2);
    for (const index of [0, 1]) state(index, 'failed', 'the credential to join is not valid', 'REFUSED');
    expect(news()).toEqual([
      expect.stringMatching(/^worker 1 cannot go on: the server did not take the credential .*--join\.$/),
      '(over 2)',
    ]);
  });

  it('[CL3] [CL5] end it with 1 where one failed otherwise, each reason said, none of them empty', () => {
    const { news, state } = speaking(3);
    state(0, 'failed', 'this server speaks protocol 4', 'WRONG_PROTOCOL');
    state(1, 'failed', null, 'REPLACED');
    state(2, 'failed', null);
    expect(news()).toEqual([
      expect.stringMatching(/^worker 1 cannot go on: .* use the version that the server has\.$/),
      'worker 2 cannot go on: The same device joined again over a newer connection.',
      'worker 3 cannot go on: it gave no reason.',
      '(over 1)',
    ]);
  });

  it('[CL5] leave the others at work, and say nothing more', () => {
    const { news, state } = speaking(2);
    state(0, 'training');
    state(1, 'failed', 'no engine works here');
    state(1, 'connecting');
    expect(news()).toEqual(['Connected to http://host/.', 'worker 2 cannot go on: no engine works here.']);
  });

  it('[CL6] are tried again where the server is full, which is said once', () => {
    const { news, state } = speaking(1);
    for (let time = 0; time < 2; time++) {
      state(0, 'connecting');
      state(0, 'failed', null, 'FULL');
    }
    expect(news()).toEqual([
      'worker 1 is not let in: The server has as many devices as it takes. It tries again every 30 s.',
      '(refused 0)',
      '(refused 0)',
    ]);
    state(0, 'waiting');
    state(0, 'training');
    expect(news()).toEqual(['Connected to http://host/.', 'worker 1 has work.']);
  });
});
