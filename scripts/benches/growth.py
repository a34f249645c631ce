# SPDX-License-Identifier: MIT
"""scripts/bench growth [--rounds 3] [--most 10000000] [-o FOLDER]

How time and memory grow with samples and with weights, and whether two runs disturb each other.

  --rounds N      each N times; medians (default 3)
  --most N        samples at most (default 10000000)
  --nnrun FILE    the program (default build/release/nnrun)
  -o FOLDER       results.jsonl and growth.md there (default build/bench)

Samples: one epoch of 16-32-4 on blobs, batch 32, one thread.  Weights: 784-n-10 on 4,000 blobs, batch 100.
Side by side: an epoch of 784-100-10, batch 10, two runs at once beside one alone; with one thread each
they have a core each, with two they share two.
"""

import json
import os
import statistics
import subprocess
import tempfile

from . import common

WHAT = "time against samples and weights; two runs side by side"
SAMPLES = [1000, 10000, 100000, 1000000, 10000000]
WIDTHS = [100, 200, 400, 800, 1600, 3200]


def spec(samples, features, classes, units, batch):
    return """nnrun: 1
name: growth
data:
  train: {use: synthetic, task: blobs, samples: %d, features: %d, classes: %d}
network:
  layers: [{units: %d, activation: relu}, {units: classes, activation: softmax}]
  cost: categorical_cross_entropy
training: {epochs: 1, batch_size: %d, optimizer: {use: sgd, rate: 1e-3}}
""" % (samples, features, classes, units, batch)


class Started:
    """A run in a folder of its own that goes on by itself."""

    def __init__(self, args, text, threads):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "growth.yaml")
        with open(path, "w") as file:
            file.write(text)
        self.process = subprocess.Popen(
            [args.nnrun, "run", path, "--json", "--quiet", "--threads", str(threads), "--out", self.folder.name],
            stdout=subprocess.PIPE)

    def seconds(self):
        """Of training, all epochs together."""
        out = self.process.communicate()[0]
        if self.process.returncode != 0:
            raise SystemExit("scripts/bench: a run failed with exit code %d" % self.process.returncode)
        self.folder.cleanup()
        events = [json.loads(line) for line in out.splitlines()]
        return sum(event["train_seconds"] for event in events if "train_seconds" in event)


def median(args, measure):
    return statistics.median(measure() for _ in range(args.rounds))


def of_samples(args):
    for samples in SAMPLES:
        if samples <= args.most:
            text = spec(samples, 16, 4, 32, 32)
            seconds = median(args, lambda: Started(args, text, 1).seconds())
            yield "samples", samples, seconds, seconds / samples * 1e6, "us a sample"


def of_weights(args):
    for units in WIDTHS:
        weights, text = (784 + 10) * units, spec(4000, 784, 10, units, 100)
        seconds = median(args, lambda: Started(args, text, 1).seconds())
        yield "weights", weights, seconds, seconds / weights * 1e9, "ns a weight"


def side_by_side(args):
    text = spec(60000, 784, 10, 100, 10).replace("epochs: 1", "epochs: 3")
    for threads in (1, 2):
        alone = median(args, lambda: Started(args, text, threads).seconds())

        def both():
            runs = [Started(args, text, threads) for _ in range(2)]
            return max([run.seconds() for run in runs])
        together = median(args, both)
        yield "two runs, threads each", threads, together, together / alone, "times one run alone"


def add_options(parser):
    common.add_options(parser, "data/mnist-idx")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=int, default=10000000)


def run(args):
    rows, records = [], []
    for part in (of_samples, of_weights, side_by_side):
        for what, size, seconds, ratio, unit in part(args):
            rows.append([what, "{:,}".format(size), "%.4g" % seconds, "%.3g %s" % (ratio, unit)])
            records.append(dict(what=what, size=size, seconds=seconds, ratio=ratio, unit=unit))
    common.write(args, "growth.md", records, common.table(["growth with", "size", "s", "that is"], rows))
    return 0
