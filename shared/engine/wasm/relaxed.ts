import { f32x4, v128 } from './instructions.ts';
import { ModuleBuilder } from './module.ts';

/** Whether this machine's WebAssembly multiplies and adds in one instruction. */
export function hasRelaxedSimd(): boolean {
  const module = new ModuleBuilder(0);
  const one = v128.constantF32(1);
  module.add({ parameters: [], result: 'v128' }, () => f32x4.relaxedMulAdd(one, one, one));
  return WebAssembly.validate(module.build());
}
