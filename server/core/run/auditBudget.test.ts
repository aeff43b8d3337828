import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../testing/virtualClock.ts';
import { AuditBudget, RecomputationPace } from './auditBudget.ts';

describe('the budget of audits', () => {
  it('[AT8] is their share of a core, five seconds ahead at most and the last audit beyond', () => {
    const steps = fc.array(fc.record({ pause: fc.nat(20_000), takes: fc.integer({ min: 1, max: 500 }) }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(fc.constantFrom(0.01, 0.05, 0.5, 1), steps, (share, audits) => {
        const clock = new VirtualClock();
        const budget = new AuditBudget(clock, share);
        let longest = 0;
        for (const { pause, takes } of audits) {
          clock.advance(pause);
          if (budget.wait > 0) continue;
          budget.spend(takes);
          longest = Math.max(longest, takes);
          expect(budget.spent).toBeLessThanOrEqual(5000 + share * clock.now() + longest);
        }
      }),
    );
  });

  it('[AT8] is no more than five seconds ahead, however long there was nothing to audit', () => {
    const clock = new VirtualClock();
    const budget = new AuditBudget(clock, 0.5);
    clock.advance(3_600_000);
    budget.spend(5000);
    expect(budget.wait).toBeGreaterThan(0);
  });

  it('[AT8] allows for the next audit after the wait that it names, and not before', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0.01, 0.05, 0.5, 1),
        fc.integer({ min: 5001, max: 60_000 }),
        (share, takes) => {
          const clock = new VirtualClock();
          const budget = new AuditBudget(clock, share);
          budget.spend(takes);
          const { wait } = budget;
          clock.advance(wait - 2 / share);
          expect(budget.wait).toBeGreaterThan(0);
          clock.advance(2 / share);
          expect(budget.wait).toBe(0);
        },
      ),
    );
  });
});

describe('how long the server takes for a sample', () => {
  it('[AT7] is that of the fastest unit, without the first', () => {
    const pace = new RecomputationPace();
    expect(pace.expectedMs(1000)).toBe(0);
    pace.measured(10, 1);
    expect(pace.expectedMs(1000)).toBe(0);
    pace.measured(10, 20);
    expect(pace.expectedMs(1000)).toBe(2000);
    pace.measured(10, 10);
    pace.measured(10, 30);
    expect(pace.expectedMs(1000)).toBe(1000);
  });
});
