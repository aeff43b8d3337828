import type { NetworkInterfaceInfo } from 'node:os';
import { expect, it } from 'vitest';
import { addressLines, adminAddress, joinAddresses, type Listening } from './addresses.ts';

const listening: Listening = { host: '0.0.0.0', port: 8080, tls: 'none', join: '' };

const info = (address: string, internal = false) =>
  ({ address, internal, family: 'IPv4', netmask: '', mac: '', cidr: null }) satisfies NetworkInterfaceInfo;

const interfaces = {
  lo: [info('127.0.0.1', true)],
  eth0: [
    info('192.168.1.4'),
    info('169.254.3.3'),
    { ...info('fe80::1'), family: 'IPv6', scopeid: 1 } satisfies NetworkInterfaceInfo,
  ],
  wlan0: [info('10.0.0.7')],
  none: undefined,
};

const urls = (over: Partial<Listening>) =>
  joinAddresses({ ...listening, ...over }, interfaces).map(({ url }) => url);

it('on all interfaces, the local one comes first and then those of the network', () => {
  const expected = ['http://localhost:8080/', 'http://192.168.1.4:8080/', 'http://10.0.0.7:8080/'];
  expect(urls({})).toEqual(expected);
  expect(urls({ host: '::' })).toEqual(expected);
});

it('on one interface, it is that one', () => {
  expect(urls({ host: '127.0.0.1' })).toEqual(['http://localhost:8080/']);
  expect(urls({ host: '192.168.1.4' })).toEqual(['http://192.168.1.4:8080/']);
  expect(urls({ host: 'fd00::5' })).toEqual(['http://[fd00::5]:8080/']);
});

it('[TS13] tells the address for trusted devices apart', () => {
  const open = joinAddresses({ ...listening, host: 'localhost' });
  const trusted = joinAddresses({ ...listening, host: 'localhost', join: 'sesame' });
  expect(addressLines(open, 'http://localhost:8080/admin/', trusted).slice(0, 2)).toEqual([
    expect.stringMatching(/^join {3}http:\/\/localhost:8080\/ /),
    'trust  http://localhost:8080/#join=sesame  for devices that you trust from the beginning',
  ]);
});

it('carries secrets in the fragment', () => {
  expect(urls({ host: 'localhost', join: 'a b&c' })).toEqual(['http://localhost:8080/#join=a%20b%26c']);
  expect(adminAddress({ ...listening, tls: 'self-signed' }, 'ff')).toBe(
    'https://localhost:8080/admin/#token=ff',
  );
  expect(adminAddress({ ...listening, host: '10.0.0.7' }, 'ff')).toBe('http://10.0.0.7:8080/admin/#token=ff');
});

it('says what each allows', () => {
  const allows = (tls: Listening['tls']) =>
    joinAddresses({ ...listening, tls }, interfaces).map((each) => each.allows);
  expect(allows('none')[0]).toMatch(/^everything/);
  expect(allows('none')[1]).toMatch(/--https/);
  expect(allows('self-signed')[1]).toMatch(/warning/);
  expect(allows('certificate')[1]).toMatch(/^everything/);
});

it('prints a line each', () => {
  const lines = addressLines(joinAddresses(listening, interfaces), adminAddress(listening, 'ff'));
  expect(lines).toHaveLength(4);
  expect(lines[3]).toContain('/admin/#token=ff');
});
