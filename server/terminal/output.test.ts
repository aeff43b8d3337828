import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { VirtualClock } from '../core/testing/virtualClock.ts';
import { Output } from './output.ts';

/** An output whose stream does with each write what it is told to. */
function outputOf(answer: (done: (error?: Error) => void) => void) {
  const clock = new VirtualClock();
  const written: string[] = [];
  const stream = Object.assign(new EventEmitter(), {
    write: (text: string, done: (error?: Error) => void = () => undefined) => {
      written.push(text);
      answer(done);
    },
  });
  const output = new Output(stream, clock);
  let flushed = false;
  const flush = async () => {
    void output.flushed().then(() => (flushed = true));
    await Promise.resolve();
    return flushed;
  };
  const isFlushed = async () => {
    await Promise.resolve();
    return flushed;
  };
  return { output, clock, stream, written, flush, isFlushed };
}

it('[EX1] goes on when its stream fails', () => {
  const { output, stream, written } = outputOf((done) => done(new Error('EPIPE')));
  stream.emit('error', new Error('EPIPE'));
  output.line('nobody reads this');
  expect(written).toEqual(['nobody reads this\n']);
});

it.each<[string, (done: (error?: Error) => void) => void]>([
  ['what was written is out', (done) => done()],
  ['nothing can be written', (done) => done(new Error('EIO'))],
])('[EX1] is not waited for once %s', async (_, answer) => {
  const { flush } = outputOf(answer);
  expect(await flush()).toBe(true);
});

it('[EX1] is not waited for longer than two seconds where its stream never answers', async () => {
  const { flush, isFlushed, clock } = outputOf(() => undefined);
  expect(await flush()).toBe(false);
  clock.advance(1999);
  expect(await isFlushed()).toBe(false);
  clock.advance(1);
  expect(await isFlushed()).toBe(true);
});
