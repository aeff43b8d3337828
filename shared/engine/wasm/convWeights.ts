import { equalRuns } from './blocks.ts';
import type { Code } from './encoding.ts';
import { f32, i32 } from './instructions.ts';
import { FLOAT, type PlacedConv } from './memory.ts';
import { advance, times, type Locals } from './module.ts';

/** Copies the weights by output channel into the order by group that the forward pass reads. */
export function regroupWeights(stage: PlacedConv, locals: Locals): Code {
  const { kernel, input, from, paddedRow, row, groups, output } = stage;
  const source = locals.add('i32');
  const target = locals.add('i32');
  const channelTarget = locals.add('i32');
  // The last group may have fewer channels than lanes.
  const filled = groups.map((lanes, index) =>
    index === groups.length - 1 ? output.channels % lanes || lanes : lanes,
  );
  let group = 0;
  const copies = equalRuns(filled).map(({ value: channels, count }) => {
    const lanes = groups[group] ?? 0;
    group += count;
    const tap = [
      f32.store(target.get, f32.load(source.get)),
      advance(source, FLOAT),
      advance(target, lanes * FLOAT),
    ];
    const column = [
      times(locals, input.channels, tap),
      advance(source, (from.step - input.channels) * FLOAT),
    ];
    const channel = [
      target.set(channelTarget.get),
      times(locals, kernel, [times(locals, kernel, column), advance(source, (paddedRow - row) * FLOAT)]),
      advance(channelTarget, FLOAT),
    ];
    const next = (kernel ** 2 * input.channels * lanes - channels) * FLOAT;
    return times(locals, count, [times(locals, channels, channel), advance(channelTarget, next)]);
  });
  return [source.set(i32.constant(stage.byChannel)), channelTarget.set(i32.constant(stage.byGroup)), copies];
}
