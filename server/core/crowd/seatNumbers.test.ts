import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SeatNumbers } from './seatNumbers.ts';

it('[LS17] each seat has the smallest number that no other has', () => {
  const acts = fc.array(fc.option(fc.nat(), { nil: null }), { maxLength: 200 });
  fc.assert(
    fc.property(acts, (releases) => {
      const numbers = new SeatNumbers();
      const taken: number[] = [];
      for (const release of releases) {
        const given = release === null ? undefined : taken.splice(release % Math.max(1, taken.length), 1)[0];
        if (given !== undefined) numbers.release(given);
        else {
          const number = numbers.take();
          expect(taken).not.toContain(number);
          for (let smaller = 0; smaller < number; smaller++) expect(taken).toContain(smaller);
          taken.push(number);
        }
      }
    }),
  );
});
