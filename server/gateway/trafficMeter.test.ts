import { expect, it } from 'vitest';
import { REMEMBERED_DEVICES, sumOfTraffic, TrafficMeter } from './trafficMeter.ts';

it('counts by device and transport, and gives what changed once', () => {
  const meter = new TrafficMeter();
  meter.count('a', 'socketio', 10, 0);
  meter.count('a', 'webrtc', 20, 5);
  meter.uplink('a', 1000);
  meter.uplink('a', null);
  expect(meter.of('a')).toEqual({
    newest: 'webrtc',
    uplink: 1000,
    socketio: { bytesUp: 10, bytesDown: 0 },
    webrtc: { bytesUp: 20, bytesDown: 5 },
  });
  expect(meter.news().map(([device]) => device)).toEqual(['a']);
  expect(meter.news()).toEqual([]);
});

it('holds on to no more devices than it remembers, however many come and report', () => {
  const meter = new TrafficMeter();
  for (let device = 0; device < REMEMBERED_DEVICES + 1000; device++)
    meter.count(`d${device}`, 'socketio', 1, 1);
  expect(meter.of('d0').newest).toBeNull();
  expect(meter.news()).toHaveLength(REMEMBERED_DEVICES);
});

it('adds up what several shards counted; the fastest way tells of the uplink', () => {
  const one = new TrafficMeter();
  const other = new TrafficMeter();
  one.count('a', 'socketio', 10, 1);
  other.count('a', 'socketio', 20, 2);
  other.uplink('a', 500);
  expect(sumOfTraffic([one.of('a'), other.of('a')])).toEqual({
    newest: 'socketio',
    uplink: 500,
    socketio: { bytesUp: 30, bytesDown: 3 },
    webrtc: { bytesUp: 0, bytesDown: 0 },
  });
});
