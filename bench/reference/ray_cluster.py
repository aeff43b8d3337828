"""Time to accuracy of `lenet` on Ray: a parameter server, PyTorch workers and an evaluator, an actor each.

usage: python3 bench/reference/ray_cluster.py --data FOLDER --target 0.985 --seed 1

FOLDER has the four MNIST files. Rounds are synchronous: each worker sends the gradient of a batch, or with --steps the
delta of so many local steps. Nobody waits for evaluations: one measures the newest model on all test images, then rests,
then measures the model that is newest by then. When one reaches the target the server holds still, and its model, which
is the one that is kept, is measured: it has to reach the target itself.

One JSON line: `trainSeconds` is from the first gradient to that measurement.
"""
import argparse
import json
import os
import time

import ray

# Actors import what they need: the program itself, and the server, start sooner without PyTorch.


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--target", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.05)
    parser.add_argument("--momentum", type=float, default=0.9, help="of the server, or of local steps")
    parser.add_argument("--steps", type=int, help="local steps a round; a gradient a round where it is left out")
    parser.add_argument("--decay", type=float, help="the rate of local steps falls as 1 / sqrt(1 + rounds / this)")
    parser.add_argument("--average", type=float, help="the model is a moving average over about so many rounds")
    parser.add_argument("--rest", type=float, default=1, help="rest after an evaluation, in times of what it took")
    parser.add_argument("--max-seconds", type=float, default=120, help="of training")
    return parser.parse_args()


@ray.remote
class Worker:
    def __init__(self, settings, folder, index):
        from lenet import Trainer

        self.settings = settings
        self.trainer = Trainer(folder, settings.batch, 100 * settings.seed + index)

    def initial_parameters(self):
        from lenet import LeNet

        return LeNet(self.settings.seed).parameters()

    def train(self, server, parameters):
        """Rounds until the server says that training is over."""
        rounds = 0
        while parameters is not None:
            parameters = ray.get(server.exchange.remote(self.update(parameters, rounds)))
            rounds += 1

    def update(self, parameters, rounds):
        settings = self.settings
        if settings.steps is None:
            return self.trainer.gradient(parameters)
        fall = 1 if settings.decay is None else (1 + rounds / settings.decay) ** 0.5
        return self.trainer.delta(parameters, settings.steps, settings.rate / fall, settings.momentum)


def server_of(settings, parameters):
    from parameter_server import ParameterServer

    # A thread for each worker that waits in `exchange`, and one for the program.
    actor = ray.remote(ParameterServer).options(max_concurrency=settings.workers + 1)
    local = settings.steps is not None
    return actor.remote(
        parameters, settings.workers, settings.rate, settings.momentum, local, settings.average
    )


def evaluator_of(folder):
    @ray.remote
    class Evaluator:
        def __init__(self):
            from lenet import Evaluator as Measure

            self.measure = Measure(folder)

        def accuracy(self, model):
            return self.measure.accuracy(model)

    return Evaluator.remote()


def train_to_target(settings, server, evaluator, training):
    """Answers with the version that is kept and its accuracy: that of the target, or what there is when time is up."""

    def measure(current):
        version, model = ray.get(current)
        return version, ray.get(evaluator.accuracy.remote(model))

    ends = time.time() + settings.max_seconds
    while True:
        begun = time.time()
        version, accuracy = measure(server.current.remote())
        if accuracy >= settings.target or time.time() >= ends:
            version, accuracy = measure(server.freeze.remote())
            if accuracy >= settings.target or time.time() >= ends:
                return version, accuracy
            ray.get(server.resume.remote())
        failed, _ = ray.wait(training, timeout=settings.rest * (time.time() - begun))
        ray.get(failed)


def main():
    settings = arguments()
    folder = os.path.abspath(settings.data)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(logging_level="ERROR", log_to_driver=False, include_dashboard=False, num_cpus=settings.workers + 2)
    workers = [Worker.remote(settings, folder, index) for index in range(settings.workers)]
    evaluator = evaluator_of(folder)
    parameters = [worker.initial_parameters.remote() for worker in workers]
    server = server_of(settings, parameters[0])
    ray.get([*parameters, server.current.remote()])
    begun = time.time()
    training = [worker.train.remote(server, parameters[0]) for worker in workers]
    version, accuracy = train_to_target(settings, server, evaluator, training)
    seconds = time.time() - begun
    samples = version * settings.workers * settings.batch * (settings.steps or 1)
    report = {"testAccuracy": round(accuracy, 4), "samples": samples, "trainSeconds": round(seconds, 2)}
    print(json.dumps(report), flush=True)
    ray.get([server.stop.remote(), *training])


main()
