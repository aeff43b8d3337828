import type { Clock } from './clock.ts';

/** Settles as `promise` does, or rejects with the message `late` where that takes longer than `milliseconds`. */
export function within<Value>(
  clock: Clock,
  milliseconds: number,
  promise: Promise<Value>,
  late: string,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(milliseconds, () => reject(new Error(late)));
    void promise.then(resolve, reject).finally(cancel);
  });
}
