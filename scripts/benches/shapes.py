# SPDX-License-Identifier: MIT
"""scripts/bench shapes [--threads 1] [--seconds 0.2] [--rounds 3] [-o FOLDER]

Whether any shape falls off: GFLOP/s of training over a grid of batch sizes, depths and widths, then of every
activation, cost and optimizer and of dropout at one shape.

  --threads LIST  numbers of threads (default 1,2)
  --seconds S     how long a point is measured (default 0.2)
  --rounds N      the whole grid N times; the median of a point counts (default 3)
  --most MFLOP    leaves out points whose step costs more (default 60000)
  --nnrun FILE    the program (default build/release/nnrun)
  -o FOLDER       results.jsonl and shapes.md there (default build/bench)

A point of the grid falls off where it reaches less than half of what its neighbours on an axis let expect,
interpolated in the logarithms of both; a component, where it reaches less than half of the median of its
kind.  What seems to is measured again with what it is held against.  Exit code 1 if any does.
"""

import json
import math
import statistics
import subprocess

from . import common

WHAT = "batch sizes, depths, widths and components: does any fall off?"
BATCHES = [1, 2, 7, 32, 1000]
DEPTHS = [1, 2, 3, 4, 5, 6, 7, 8]
WIDTHS = [1, 10, 33, 100, 1000, 4096]
FEATURES, CLASSES = 784, 10
LINKED = {"binary_cross_entropy": "sigmoid", "categorical_cross_entropy": "softmax",
          "negative_log_likelihood": "log_softmax", "hinge": "identity"}


def spec(batch, depth, width, activation="relu", cost="categorical_cross_entropy", optimizer="sgd", dropout=0.0):
    """Blobs: no input is zero, so that nothing is skipped."""
    hidden = "{units: %d, activation: %s, dropout: %r}" % (width, activation, dropout)
    return """nnrun: 1
name: shapes
data:
  train: {use: synthetic, task: blobs, samples: 4000, features: %d, classes: %d}
network:
  initializer: scaled_normal
  layers: [%s, {units: classes, activation: %s}]
  cost: %s
training: {epochs: 1, batch_size: %d, optimizer: {use: %s, rate: 1e-6}}
""" % (FEATURES, CLASSES, ", ".join([hidden] * depth), LINKED.get(cost, "sigmoid"), cost, batch, optimizer)


def flops(batch, depth, width):
    inputs = FEATURES * width
    rest = (depth - 1) * width * width + width * CLASSES
    return 2 * batch * (2 * inputs + 3 * rest)


def components(args, kind):
    run = subprocess.run([args.nnrun, "plugins", kind, "--json"], stdout=subprocess.PIPE, check=True)
    return sorted(one["name"] for one in json.loads(run.stdout)["plugins"])


def points(args):
    """(group, axis values, spec) of everything to be measured."""
    for batch in BATCHES:
        for depth in DEPTHS:
            for width in WIDTHS:
                if flops(batch, depth, width) <= args.most * 1e6:
                    yield "grid", (batch, depth, width), spec(batch, depth, width)
    for batch in (10, 128):
        for kind in ("activation", "cost", "optimizer"):
            for name in components(args, kind):
                yield "%s, batch %d" % (kind, batch), name, spec(batch, 2, 256, **{kind: name})
        for dropout in (0.0, 0.2, 0.5):
            yield "dropout, batch %d" % batch, dropout, spec(batch, 2, 256, dropout=dropout)


def expected(grid, point, axis, values):
    """GFLOP/s that a point's neighbours on an axis let expect, or None at an end."""
    k = values.index(point[axis])
    around = [tuple(values[k + d] if a == axis else v for a, v in enumerate(point))
              for d in (-1, 1) if 0 <= k + d < len(values)]
    if len(around) < 2 or any(at not in grid for at in around):
        return None
    low, middle, high = (math.log(at[axis]) for at in (around[0], point, around[1]))
    share = (middle - low) / (high - low)
    return math.exp((1 - share) * math.log(grid[around[0]]) + share * math.log(grid[around[1]]))


def ratios(found):
    """(group, point, GFLOP/s, ratio to what is expected, why) of every point that can be judged."""
    grid = {point: rate for (group, point), rate in found.items() if group == "grid"}
    for point, rate in grid.items():
        for axis, (name, values) in enumerate((("batch", BATCHES), ("depth", DEPTHS), ("width", WIDTHS))):
            wanted = expected(grid, point, axis, values)
            if wanted:
                yield "grid", point, rate, rate / wanted, "its neighbours in " + name
    for group in sorted({group for group, _ in found} - {"grid"}):
        kind = {point: rate for (of, point), rate in found.items() if of == group}
        for point, rate in kind.items():
            yield group, point, rate, rate / statistics.median(kind.values()), "the median of its kind"


def add_options(parser):
    common.add_options(parser, "data/mnist-idx")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--seconds", type=float, default=0.2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=float, default=60000)


def rate_of(args, threads, text):
    found = common.nnrun_bench(args, text, "--threads", str(threads), "--seconds", str(args.seconds / 2))
    return found and found["gflops"]


def measure(args, threads):
    """{(group, point): GFLOP/s of every round}"""
    rates = {}
    for turn in range(args.rounds):
        for group, point, text in points(args):
            rate = rate_of(args, threads, text)
            if rate is None:
                common.say("error: %s %s can't be measured" % (group, point))
                continue
            rates.setdefault((group, point), []).append(rate)
        common.say("round %d of %d is done" % (turn + 1, args.rounds))
    return rates


def medians(rates):
    return {key: statistics.median(values) for key, values in rates.items()}


def measure_again(args, threads, rates):
    """What seems to fall off, and what it is held against, as often again: a machine has moods."""
    seem = {(group, point) for group, point, _, ratio, _ in ratios(medians(rates)) if ratio < 0.5}
    beside = {point for group, point in seem if group == "grid"}
    kinds = {group for group, _ in seem} - {"grid"}
    again = [(group, point, text) for group, point, text in points(args)
             if group in kinds or group == "grid" and any(near(point, at) for at in beside)]
    for _ in range(args.rounds if again else 0):
        for group, point, text in again:
            rates[group, point] += [rate for rate in [rate_of(args, threads, text)] if rate]
    if seem:
        common.say("%d points seemed to fall off: %d were measured again" % (len(seem), len(again)))
    return rates


def near(point, at):
    """The point itself, or a neighbour on one axis."""
    apart = [abs(values.index(p) - values.index(q)) for values, p, q in zip((BATCHES, DEPTHS, WIDTHS), point, at)]
    return sum(apart) <= 1


def name_of(point):
    return "%d x %d x %d" % point if isinstance(point, tuple) else str(point)


def run(args):
    rows, records, fallen = [], [], 0
    for threads in (int(t) for t in args.threads.split(",")):
        rates = medians(measure_again(args, threads, measure(args, threads)))
        judged = sorted(ratios(rates), key=lambda one: one[3])
        fallen += sum(one[3] < 0.5 for one in judged)
        records += [dict(threads=threads, group=group, point=name_of(point), gflops=rate, ratio=ratio, of=why)
                    for group, point, rate, ratio, why in judged]
        rows += [[str(threads), group, name_of(point), "%.2f" % rate, "%.2f" % ratio, why]
                 for group, point, rate, ratio, why in judged if ratio < 0.5 or one_of_the_lowest(judged, ratio)]
    head = ["threads", "what", "batch x depth x width, or component", "GFLOP/s", "ratio", "to"]
    common.write(args, "shapes.md", records, common.table(head, rows))
    print("%d points, %d fall off" % (len(records), fallen))
    return 1 if fallen else 0


def one_of_the_lowest(judged, ratio, shown=8):
    return ratio <= judged[min(shown, len(judged)) - 1][3]
