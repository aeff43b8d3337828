"""The server of `ray_cluster.py` without Ray: synchronous rounds, SGD and the moving average, in NumPy on flat arrays."""
from threading import Condition

import numpy as np


class ParameterServer:
    """A round is over when every worker has sent its update; the mean of them is applied. Callers have a thread each.

    A gradient goes through SGD with momentum. The delta of local steps (`local`) is added as it is. `average` is how many
    rounds the model is a moving average over, about; None where the model is the newest parameters.
    """

    def __init__(self, parameters, workers, rate, momentum, local, average):
        self.newest, self.model, self.version = parameters, parameters, 0
        self.workers, self.rate, self.momentum, self.local = workers, rate, momentum, local
        self.average = average
        self.velocity = np.zeros_like(parameters)
        self.updates, self.frozen, self.stopped = [], False, False
        self.changed = Condition()

    def exchange(self, update):
        """Hands in an update; answers with the parameters after the round, or None when training is over."""
        with self.changed:
            before = self.version
            self.updates.append(update)
            self.finish_round()
            self.changed.wait_for(lambda: self.version > before or self.stopped)
            return None if self.stopped else self.newest

    def current(self):
        """The version, and its model."""
        with self.changed:
            return self.version, self.model

    def freeze(self):
        """The same as `current`; no round ends until `resume`."""
        with self.changed:
            self.frozen = True
            return self.version, self.model

    def resume(self):
        with self.changed:
            self.frozen = False
            self.finish_round()

    def stop(self):
        with self.changed:
            self.stopped = True
            self.changed.notify_all()

    def finish_round(self):
        if len(self.updates) < self.workers or self.frozen:
            return
        self.apply(np.mean(self.updates, axis=0, dtype=np.float32))
        self.updates = []
        self.changed.notify_all()

    def apply(self, update):
        if self.local:
            self.newest = self.newest + update
        else:
            self.velocity = self.momentum * self.velocity + update
            self.newest = self.newest - self.rate * self.velocity
        self.version += 1
        self.model = self.newest if self.average is None else self.averaged()

    def averaged(self):
        # As the project's own server averages: over a tenth of the rounds so far at most.
        weight = max(1 / self.average, 1 / (1 + self.version / 10))
        return self.model + np.float32(weight) * (self.newest - self.model)
