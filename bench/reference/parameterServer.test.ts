import { describe, expect, it } from 'vitest';
import { WeightAverage } from '../../server/core/shard/weightAverage.ts';
import { missingModule, programLines } from './python.ts';

const ROUNDS = 200;
const REACH = 15;

const missing = await missingModule('numpy');

describe.skipIf(missing !== null)(
  `the server of the Ray cluster${missing === null ? '' : `: ${missing}`}`,
  () => {
    it('averages as the server of the project does', async () => {
      const lines = (await programLines(`
import json
import numpy as np
from parameter_server import ParameterServer

noise = np.random.default_rng(1)
server = ParameterServer(np.zeros(3, np.float32), 1, 0.05, 0.9, False, ${REACH})
for _ in range(${ROUNDS}):
    server.exchange(noise.normal(size=3).astype(np.float32))
    print(json.dumps({"newest": server.newest.tolist(), "model": server.model.tolist()}))
`)) as { newest: number[]; model: number[] }[];
      expect(lines).toHaveLength(ROUNDS);
      const average = new WeightAverage(REACH, new Float32Array(3));
      for (const [index, { newest, model }] of lines.entries()) {
        average.include(Float32Array.from(newest), index + 1);
        for (const [at, value] of average.copy().entries()) expect(model[at]).toBeCloseTo(value, 5);
      }
    });

    it('ends a round with the mean of all updates, and none while it is frozen', async () => {
      const [line] = await programLines(`
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Semaphore
import numpy as np
from parameter_server import ParameterServer

handed_in = Semaphore(0)

class Watched(ParameterServer):
    def finish_round(self):
        handed_in.release()
        super().finish_round()

server = Watched(np.zeros(1, np.float32), 2, 0.5, 0, True, None)
with ThreadPoolExecutor(3) as callers:
    try:
        first = callers.submit(server.exchange, np.float32([1]))
        frozen, _ = server.freeze()
        second = callers.submit(server.exchange, np.float32([3]))
        assert handed_in.acquire(timeout=30) and handed_in.acquire(timeout=30)
        held, _ = server.current()
        server.resume()
        parameters = first.result(30).tolist() + second.result(30).tolist()
        waiting = callers.submit(server.exchange, np.float32([5]))
    finally:
        server.stop()
    stopped = waiting.result(30)
print(json.dumps({"frozen": frozen, "held": held, "after": server.version, "parameters": parameters, "stopped": stopped}))
`);
      expect(line).toEqual({ frozen: 0, held: 0, after: 1, parameters: [2, 2], stopped: null });
    });
  },
);
