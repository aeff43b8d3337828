import { equalRuns } from './blocks.ts';
import type { Code } from './encoding.ts';
import { f32, i32, v128 } from './instructions.ts';
import { FLOAT, LANES, type MemoryMap, type PlacedConv } from './memory.ts';
import { advance, times, type Locals } from './module.ts';

/**
 * Zeroes what the filter gradient picked up beyond the end of each kernel row, so that the padding of the weights
 * stays zero.
 */
export function maskFilterGradient(stage: PlacedConv, map: MemoryMap, locals: Locals): Code {
  const { row, paddedRow, kernel, output } = stage;
  const kept = LANES - (paddedRow - row);
  if (kept === LANES) return [];
  const at = locals.add('i32');
  const lane = (index: number) => (index < kept ? -1 : 0);
  const mask = v128.constantI32(lane(0), lane(1), lane(2), lane(3));
  const last = map.gradientOffset + (paddedRow - LANES) * FLOAT;
  return [
    at.set(i32.constant(stage.byChannel)),
    times(locals, output.channels * kernel, [
      v128.store(at.get, v128.and(v128.load(at.get, last), mask), last),
      advance(at, paddedRow * FLOAT),
    ]),
  ];
}

/** Copies the weights by output channel into the order by group that the forward pass reads. */
export function regroupWeights(stage: PlacedConv, locals: Locals): Code {
  const { kernel, input, from, paddedRow, row, groups, output } = stage;
  const [source, target, channelTarget] = [locals.add('i32'), locals.add('i32'), locals.add('i32')];
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
