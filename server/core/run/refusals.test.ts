import { expect, it } from 'vitest';
import { Refusals } from './refusals.ts';

const crowd = (...ids: string[]) => ids.map((id) => ({ id }));

it('[GU11] suspects the model where more than half of the present devices were refused last', () => {
  const refusals = new Refusals();
  const devices = crowd('a', 'b', 'c', 'd');
  expect(['a', 'b', 'c'].map((device) => refusals.refused(device, devices))).toEqual([false, false, true]);
});

it('[GU11] does not suspect it for one device, nor for one that is refused again and again', () => {
  const refusals = new Refusals();
  for (let unit = 0; unit < 5; unit++) {
    expect(refusals.refused('a', crowd('a'))).toBe(false);
    expect(refusals.refused('a', crowd('a', 'b', 'c'))).toBe(false);
  }
});

it('[GU11] forgets a refusal once an update of the device is applied, and all with another model', () => {
  const refusals = new Refusals();
  const devices = crowd('a', 'b', 'c');
  refusals.refused('a', devices);
  refusals.applied('a');
  expect(refusals.refused('b', devices)).toBe(false);
  refusals.forget();
  expect(refusals.refused('a', devices)).toBe(false);
});

it('[GU11] does not count devices that are gone', () => {
  const refusals = new Refusals();
  refusals.refused('gone', crowd('gone', 'b', 'c'));
  expect(refusals.refused('b', crowd('b', 'c', 'd'))).toBe(false);
});
