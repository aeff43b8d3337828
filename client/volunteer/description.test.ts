import { describe, expect, it } from 'vitest';
import { formFactorOf } from './description.ts';

const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0';

describe('the form factor of a device', () => {
  it.each([
    ['phone', `Mozilla/5.0 (Linux; Android 10; K) ${CHROME} Mobile Safari/537.36`, true, 5],
    [
      'phone',
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1',
      false,
      5,
    ],
    ['tablet', `Mozilla/5.0 (Linux; Android 10; K) ${CHROME} Safari/537.36`, false, 5],
    ['tablet', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15', false, 5],
    ['desktop', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15', false, 0],
    ['desktop', `Mozilla/5.0 (X11; Linux x86_64) ${CHROME} Safari/537.36`, false, 0],
    ['unknown', 'curl/8.0', false, 0],
  ])('is %s for %s', (formFactor, agent, mobile, touchPoints) => {
    expect(formFactorOf(agent, mobile, touchPoints)).toBe(formFactor);
  });
});
