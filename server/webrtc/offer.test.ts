import { expect, it } from 'vitest';
import { withoutNames } from './offer.ts';

const candidate = (address: string) => `a=candidate:1 1 UDP 2122317823 ${address} 4444 typ host`;
const KEPT = ['v=0', candidate('10.0.0.7'), candidate('fe80::1'), 'a=ice-ufrag:abcd', 'a=end-of-candidates'];

it('[TR16] nothing looks up a name that an offer brings, whatever ends its lines', () => {
  const NAMES = ['6f2a.local', 'evil.example.com', 'localhost', '10.0.0.7.example.com'];
  for (const end of ['\r\n', '\n', '\r']) {
    const offer = [...KEPT.slice(0, 2), ...NAMES.map(candidate), ...KEPT.slice(2)].join(end);
    expect(withoutNames(offer).split('\r\n')).toEqual(KEPT);
  }
});
