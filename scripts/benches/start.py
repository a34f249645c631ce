# SPDX-License-Identifier: MIT
"""scripts/bench start [--rounds 5] [-o FOLDER]

How long a user waits: for `nnrun --version`, and from starting the process until the first batch of 60,000
JPEGs is trained, by W1 (784-30-10, batches of 10) and W3 (784-512-512-10, batches of 128), without a
cache and from it.

  --rounds N      everyone in turn, then again, N times (default 5)
  --threads LIST  numbers of threads (default 1,2)
  --data DIR      MNIST as JPEG folders (default data/mnist-jpg; scripts/data mnist makes it)
  --nnrun FILE    the program (default build/release/nnrun)
  -o FOLDER       results.jsonl and start.md there (default build/bench)

Milliseconds from fork() on, the page cache warm; training and test folder are both read.
"""

import os
import statistics
import subprocess
import tempfile
import time

from . import common

WHAT = "how long until the first batch, without the cache and from it"
NETWORKS = {
    "W1": ["network.layers=[{units: 30, activation: sigmoid}, {units: classes, activation: sigmoid}]",
           "network.cost=quadratic", "training.batch_size=10", "training.optimizer={use: sgd, rate: 3}"],
    "W3": [],
}


def version_ms(args):
    begin_s = time.perf_counter()
    subprocess.run([args.nnrun, "--version"], stdout=subprocess.DEVNULL, check=True)
    return 1000 * (time.perf_counter() - begin_s)


def first_batch_ms(args, spec, folder, threads, overrides):
    """From the start of the process until it says so; it is then ended."""
    command = [args.nnrun, "run", spec, "--json", "--out", os.path.join(folder, "runs"), "--threads",
               str(threads), *overrides]
    begin_s = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               env=dict(os.environ, NNRUN_CACHE=os.path.join(folder, "cache")))
    line = process.stdout.readline()
    ms = 1000 * (time.perf_counter() - begin_s)
    process.kill()
    process.communicate()
    if b"first_batch" not in line:
        raise RuntimeError("nnrun said %r where the first batch was expected" % line)
    return ms


def measure(args, folder):
    spec = os.path.join(folder, "bench.yaml")
    with open(spec, "w") as out:
        out.write(common.jpeg_spec(os.path.join(args.data, "train"), os.path.join(args.data, "test"),
                                   [512, 512], 1))
    found = {}
    for turn in range(args.rounds + 1):
        results = {("nnrun --version", ""): version_ms(args)}
        for threads in args.threads.split(","):
            for network, overrides in NETWORKS.items():
                for source, words in (("decoded", ["data.cache=none"]), ("from the cache", [])):
                    results["first batch of %s, %s" % (network, source), threads] = first_batch_ms(
                        args, spec, folder, threads, overrides + words)
        if turn > 0:  # the first fills caches
            for key, ms in results.items():
                found.setdefault(key, []).append(ms)
        common.say("round %d of %d is done" % (turn, args.rounds))
    return found


def add_options(parser):
    common.add_options(parser, "data/mnist-jpg")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", default="1,2")


def run(args):
    args.data = os.path.abspath(args.data)
    if not os.path.isdir(os.path.join(args.data, "train")):
        return common.no_data(args)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(args, folder)
    rows = [[what, threads, "%.0f" % statistics.median(ms), "%.0f" % min(ms), "%.0f" % max(ms)]
            for (what, threads), ms in found.items()]
    records = [dict(bench="start", what=what, threads=threads, median=statistics.median(ms), least=min(ms),
                    most=max(ms)) for (what, threads), ms in found.items()]
    common.write(args, "start.md", records, common.table(["until", "threads", "ms", "least", "most"], rows))
    return 0
