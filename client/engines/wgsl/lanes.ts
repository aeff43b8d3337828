/** A sum that several invocations of a workgroup, its lanes, take together. */
export interface Reduction {
  /** Invocations for each sum: a power of two, at most those of a workgroup. */
  lanes: number;
  /** Adds to `sum` the terms `lane`, `lane + lanes`, ... of the sum that is `index`. */
  accumulate: string;
  /** Stores the whole `sum`. */
  store: string;
}

/** The largest power of two that is at most `most`, and at least 1. */
export const powerOfTwo = (most: number): number => 2 ** Math.floor(Math.log2(Math.max(1, most)));

/**
 * A kernel in which the lanes of one workgroup take each sum; their parts are added in the order of the lanes, so that
 * the answer is always the same. Neighbours in a workgroup have neighbouring sums, so that they read neighbouring values.
 * @param count an expression: the number of sums.
 */
export function reducing(
  name: string,
  group: number,
  count: string,
  { lanes, accumulate, store }: Reduction,
): string {
  const sums = group / lanes;
  return `
@compute @workgroup_size(${group})
fn ${name}(
  @builtin(local_invocation_index) within: u32,
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let index = (workgroup.x + workgroup.y * groups.x) * ${sums}u + within % ${sums}u;
  let lane = within / ${sums}u;
  let exists = index < ${count};
  var sum = 0.0;
  if (exists) {
    ${accumulate}
  }
  parts[within] = sum;
  workgroupBarrier();
  if (lane != 0u || !exists) { return; }
  for (var other = 1u; other < ${lanes}u; other++) { sum += parts[other * ${sums}u + within]; }
  ${store}
}`;
}
