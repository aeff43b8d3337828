import type { Loss, ModelSpec } from '../../model/spec.ts';
import { convBackward } from './convBackward.ts';
import { convForward } from './convForward.ts';
import { regroupWeights } from './convWeights.ts';
import { denseBackward, denseForward } from './dense.ts';
import type { Code } from './encoding.ts';
import { readImage } from './image.ts';
import { call, clearMemory, f32, f32x4, f64, i32, mulThenAdd, type MulAdd } from './instructions.ts';
import { isRight, softmaxLoss } from './loss.ts';
import { FLOAT, type MemoryMap, type PlacedStage } from './memory.ts';
import { advance, ModuleBuilder, repeat, type Local, type Locals } from './module.ts';
import { poolBackward, poolForward } from './pool.ts';
import { updateParameters } from './update.ts';

/** What the module of a model exports; addresses in bytes, `order` of uint32 sample indices. */
export interface Kernel {
  /** Leaves the mean gradient. Answers the sum of losses. */
  gradient(order: number, samples: number, images: number, labels: number): number;
  /** Takes `steps` local steps of `batch` samples each. Answers the sum of losses over all samples. */
  train(
    order: number,
    steps: number,
    batch: number,
    lr: number,
    momentum: number,
    images: number,
    labels: number,
  ): number;
  /** Counts what is right of the first `samples` samples in `correct`. Answers the sum of losses. */
  evaluate(samples: number, images: number, labels: number): number;
}

const LOSSES: Record<Loss, typeof softmaxLoss> = { 'softmax-cross-entropy': softmaxLoss };

/** 64 KiB. */
export const PAGE = 65536;

/**
 * Emits the WebAssembly module of one model. It imports `host.memory` and `host.log` and exports {@link Kernel}.
 * @param relaxed multiply and add in one instruction, where the machine can: faster, and a rounding less.
 */
export function emitKernel(spec: ModelSpec, map: MemoryMap, relaxed: boolean): Uint8Array<ArrayBuffer> {
  const mulAdd: MulAdd = relaxed ? f32x4.relaxedMulAdd : mulThenAdd;
  const module = new ModuleBuilder(Math.ceil(map.end / PAGE));
  const parts = emitParts(module, spec, map, mulAdd);
  const batch = emitBatch(module, map, parts);
  const gradient = emitGradient(module, map, parts, batch);
  const train = emitTrain(module, map, parts, batch);
  const evaluate = emitEvaluate(module, map, parts);
  module.export('gradient', gradient);
  module.export('train', train);
  module.export('evaluate', evaluate);
  return module.build();
}

/** A function of the module, by which it is called. */
type Emitted = ReturnType<ModuleBuilder['add']>;

/** What the exported functions are made of. */
interface Parts {
  /** Calls of all stages, first to last. */
  forward: Code[];
  /** Calls of all stages, last to first. */
  backward: Code[];
  /** Reads the image at an address. */
  read: Emitted;
  /** The loss of a sample, given its label and what its gradient is scaled by; leaves the error of the logits. */
  loss: Emitted;
  /** Whether the largest logit is that of a label. */
  right: Emitted;
  /** Calls that lay out the weights of convolutions as their kernels read them. */
  regroup: Code[];
  /** One step of SGD with momentum, given rate and momentum. */
  update: Emitted;
}

function emitParts(module: ModuleBuilder, spec: ModelSpec, map: MemoryMap, mulAdd: MulAdd): Parts {
  const log = module.import('log', { parameters: ['f64'], result: 'f64' });
  const procedure = (write: (locals: Locals) => Code) =>
    call(module.add({ parameters: [], result: null }, write));
  // Short functions, called often: an engine that compiles a hot function better swaps it in at the next call.
  const forward = map.stages.map((stage) => procedure((locals) => forwardOf(stage, mulAdd, locals)));
  const backward = map.stages
    .map((stage) => procedure((locals) => backwardOf(stage, map, mulAdd, locals)))
    .reverse();
  const read = module.add({ parameters: ['i32'], result: null }, (locals, source) =>
    readImage(map, spec.normalise, source, locals),
  );
  const loss = module.add({ parameters: ['i32', 'f32'], result: 'f64' }, (locals, label, scale) =>
    LOSSES[spec.loss](map, log, label, scale, locals),
  );
  const right = module.add({ parameters: ['i32'], result: 'i32' }, (locals, label) =>
    isRight(map, label, locals),
  );
  const convolutions = map.stages.filter((stage) => stage.op === 'conv');
  const regroup = convolutions.map((stage) => procedure((locals) => regroupWeights(stage, locals)));
  const update = module.add({ parameters: ['f32', 'f32'], result: null }, (locals, lr, momentum) =>
    updateParameters(map, lr, momentum, locals),
  );
  return { forward, backward, read, loss, right, regroup, update };
}

/** Adds the gradients of a batch, and its losses. */
function emitBatch(module: ModuleBuilder, map: MemoryMap, { forward, backward, read, loss }: Parts): Emitted {
  return module.add({ parameters: ['i32', 'i32', 'i32', 'i32'], result: 'f64' }, (locals, ...given) => {
    const [order, count, images, labels] = given as [Local, Local, Local, Local];
    const left = locals.add('i32');
    const sample = locals.add('i32');
    const scale = locals.add('f32');
    const sum = locals.add('f64');
    return [
      scale.set(f32.div(f32.constant(1), f32.ofI32(count.get))),
      repeat(left, count.get, [
        sample.set(i32.load(order.get)),
        call(read, imageOf(map, images, sample.get)),
        forward,
        sum.set(f64.add(sum.get, call(loss, labelOf(labels, sample.get), scale.get))),
        backward,
        advance(order, FLOAT),
      ]),
      sum.get,
    ];
  });
}

function emitGradient(module: ModuleBuilder, map: MemoryMap, { regroup }: Parts, batch: Emitted): Emitted {
  return module.add({ parameters: ['i32', 'i32', 'i32', 'i32'], result: 'f64' }, (_locals, ...given) => [
    clear(map, map.gradientOffset),
    regroup,
    call(batch, ...given.map(({ get }) => get)),
  ]);
}

function emitTrain(
  module: ModuleBuilder,
  map: MemoryMap,
  { regroup, update }: Parts,
  batch: Emitted,
): Emitted {
  return module.add(
    { parameters: ['i32', 'i32', 'i32', 'f32', 'f32', 'i32', 'i32'], result: 'f64' },
    (locals, ...given) => {
      const [order, steps, size, lr, momentum, images, labels] = given as Seven;
      const left = locals.add('i32');
      const sum = locals.add('f64');
      const step = call(batch, order.get, size.get, images.get, labels.get);
      return [
        clear(map, map.gradientOffset),
        clear(map, map.velocityOffset),
        regroup,
        repeat(left, steps.get, [
          sum.set(f64.add(sum.get, step)),
          call(update, lr.get, momentum.get),
          regroup,
          order.set(i32.add(order.get, i32.mul(size.get, i32.constant(FLOAT)))),
        ]),
        sum.get,
      ];
    },
  );
}

function emitEvaluate(module: ModuleBuilder, map: MemoryMap, parts: Parts): Emitted {
  const { forward, read, loss, right, regroup } = parts;
  return module.add({ parameters: ['i32', 'i32', 'i32'], result: 'f64' }, (locals, ...given) => {
    const [count, images, labels] = given as [Local, Local, Local];
    const left = locals.add('i32');
    const sample = locals.add('i32');
    const label = locals.add('i32');
    const correct = locals.add('i32');
    const sum = locals.add('f64');
    return [
      regroup,
      repeat(left, count.get, [
        call(read, imageOf(map, images, sample.get)),
        forward,
        label.set(labelOf(labels, sample.get)),
        correct.set(i32.add(correct.get, call(right, label.get))),
        sum.set(f64.add(sum.get, call(loss, label.get, f32.constant(0)))),
        advance(sample, 1),
      ]),
      i32.store(i32.constant(map.correct), correct.get),
      sum.get,
    ];
  });
}

/** Address of a sample's image. */
function imageOf({ image }: MemoryMap, images: Local, sample: Code): Code {
  const { height, width, channels } = image.shape;
  return i32.add(images.get, i32.mul(sample, i32.constant(height * width * channels)));
}

/** The label of a sample. */
const labelOf = (labels: Local, sample: Code): Code => i32.loadByte(i32.add(labels.get, sample));

/** Clears one vector as long as the parameters, `offset` bytes behind them. */
const clear = ({ parameters }: MemoryMap, offset: number): Code =>
  clearMemory(parameters.address + offset, parameters.length * FLOAT);

type Seven = [Local, Local, Local, Local, Local, Local, Local];

function forwardOf(stage: PlacedStage, mulAdd: MulAdd, locals: Locals): Code {
  switch (stage.op) {
    case 'conv':
      return convForward(stage, mulAdd, locals);
    case 'pool':
      return poolForward(stage, locals);
    case 'dense':
      return denseForward(stage, mulAdd, locals);
  }
}

function backwardOf(stage: PlacedStage, map: MemoryMap, mulAdd: MulAdd, locals: Locals): Code {
  switch (stage.op) {
    case 'conv':
      return convBackward(stage, map, mulAdd, locals);
    case 'pool':
      return poolBackward(stage, locals);
    case 'dense':
      return denseBackward(stage, map, mulAdd, locals);
  }
}
