import { setFlagsFromString } from 'node:v8';
import { hasRelaxedSimd } from '../../shared/engine/wasm/relaxed.ts';

/**
 * Lets this process and its threads multiply and add in one instruction. Node 20 has relaxed SIMD, in the encoding
 * that was standardised, behind a flag; later ones have it without. Whatever engine comes of it has to pass the
 * known-answer test like any other.
 */
export function allowRelaxedSimd(): void {
  if (!hasRelaxedSimd()) setFlagsFromString('--experimental-wasm-relaxed-simd');
}
