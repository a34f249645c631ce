# SPDX-License-Identifier: MIT
"""scripts/bench whole [--works small,W3] [--rounds 3] [-o FOLDER]

The whole process, from JPEG files to 98 % of the test digits right: start, reading 60,000 + 10,000
files, training (relu, softmax, Adam 1e-3, half a cosine over all epochs), testing after each epoch,
end.  By nnrun without a cache, by nnrun from it, and by PyTorch, which reads the files by torchvision
and then keeps them in memory.

  --works LIST    small: 784-256-128-10, batches of 64, 6 epochs, the least of some networks that get
                  there with both; W3: 784-512-512-10, batches of 128, 4 epochs (default: both)
  --rounds N      everyone in turn, then again, N times (default 3)
  --threads N     of all (default 2)
  --peers LIST    of nnrun, nnrun-cache, torch (default: all)
  --data DIR      MNIST as JPEG folders (default data/mnist-jpg; scripts/data mnist makes it)
  --nnrun FILE    the program (default build/release/nnrun)
  -o FOLDER       results.jsonl and whole.md there (default build/bench)
"""

import argparse
import collections
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from . import common

WHAT = "from JPEG files to 98 % of the test digits, beside PyTorch and torchvision"
PEERS = ("nnrun", "nnrun-cache", "torch")
Work = collections.namedtuple("Work", "hidden batch epochs")
WORKS = {"small": Work([256, 128], 64, 6), "W3": Work([512, 512], 128, 4)}


def train_torch(args):
    """The peer's process; prints the accuracy at the end."""
    import torch
    from . import torch_data
    torch.manual_seed(args.seed)
    x, y = torch_data.load(os.path.join(args.data, "train"), args.threads)
    test_x, test_y = torch_data.load(os.path.join(args.data, "test"), args.threads)
    torch.set_num_threads(args.threads)
    work = WORKS[args.works]
    layers = []
    for inputs, units in zip([784] + work.hidden, work.hidden):
        layers += [torch.nn.Linear(inputs, units), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers, torch.nn.Linear(work.hidden[-1], 10))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    steps = work.epochs * -(-len(x) // work.batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(work.epochs):
        order = torch.randperm(len(x))
        for at in range(0, len(x), work.batch):
            rows = order[at:at + work.batch]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
            optimizer.step()
            schedule.step()
        with torch.no_grad():
            right = (net(test_x).argmax(1) == test_y).float().mean().item()
    print(json.dumps({"accuracy": right}))


def once(command, **environment):
    """(seconds, output, peak MB) of a process."""
    begin_s = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               env=dict(os.environ, **environment))
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status != 0:
        raise RuntimeError("%s ended with %d" % (command[0], status))
    return time.perf_counter() - begin_s, output, used.ru_maxrss / 1024


def nnrun_once(args, name, folder, seed, cached):
    test, work = os.path.join(args.data, "test"), WORKS[name]
    spec = os.path.join(folder, "bench.yaml")
    with open(spec, "w") as out:
        # The test set is looked at after each epoch, as PyTorch's process does.
        out.write(common.jpeg_spec(os.path.join(args.data, "train"), None, work.hidden, work.epochs,
                                   "  validation: {use: jpeg_folder, path: %s}\n" % test))
    seconds, output, peak = once(
        [args.nnrun, "run", spec, "--json", "--out", os.path.join(folder, "runs"), "--threads",
         str(args.threads), "seed=%d" % seed, "training.batch_size=%d" % work.batch] + ([] if cached else ["data.cache=none"]),
        NNRUN_CACHE=os.path.join(folder, "cache"))
    events = [json.loads(line) for line in output.splitlines()]
    return seconds, [event for event in events if "validation_accuracy" in event][-1]["validation_accuracy"], peak


def torch_once(args, name, seed):
    seconds, output, peak = once(
        [sys.executable, common.SCRIPT, "whole", "--peer", "torch", "--seed", str(seed), "--data", args.data,
         "--works", name, "--threads", str(args.threads)], OMP_NUM_THREADS=str(args.threads))
    return seconds, json.loads(output)["accuracy"], peak


def missing(peer, args):
    """Why a peer can't run here, or None."""
    if peer == "torch":
        return common.lacks_module("torch") or common.lacks_module("torchvision")
    return None if os.path.exists(args.nnrun) else args.nnrun + " is not built"


def measure(args, name, peers, folder):
    found = {}
    if "nnrun-cache" in peers:
        nnrun_once(args, name, folder, 0, True)  # fills it
    for turn in range(1, args.rounds + 1):
        for peer in peers:
            result = torch_once(args, name, turn) if peer == "torch" else nnrun_once(
                args, name, folder, turn, peer == "nnrun-cache")
            found.setdefault(peer, []).append(result)
        common.say("%s: round %d of %d is done" % (name, turn, args.rounds))
    return found


def rows_of(name, found):
    for peer, results in found.items():
        seconds, right, peaks = zip(*results)
        share = "%.2f of torch" % (statistics.median(seconds) / statistics.median(
            s for s, _, _ in found["torch"])) if "torch" in found else ""
        yield [name, peer, "%.2f" % statistics.median(seconds), "%.2f" % min(seconds), "%.2f" % max(seconds),
               "%.2f to %.2f" % (100 * min(right), 100 * max(right)), share, "%.0f" % max(peaks)]


def add_options(parser):
    common.add_options(parser, "data/mnist-jpg")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--works", default=",".join(WORKS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=1, help=argparse.SUPPRESS)


def run(args):
    args.data = os.path.abspath(args.data)
    if not os.path.isdir(os.path.join(args.data, "train")):
        return common.no_data(args)
    if args.peer:
        train_torch(args)
        return 0
    peers, rows, records = common.present(args, PEERS, missing), [], []
    for name in args.works.split(","):
        if name not in WORKS:
            common.say("error: there is no work %s\n  take %s" % (name, ", ".join(WORKS)))
            return 2
        with tempfile.TemporaryDirectory() as folder:
            found = measure(args, name, peers, folder)
        rows += rows_of(name, found)
        records += [dict(bench="whole", work=name, peer=peer, seconds=[s for s, _, _ in results],
                         accuracy=[r for _, r, _ in results], rss_mb=max(m for _, _, m in results))
                    for peer, results in found.items()]
    common.write(args, "whole.md", records, common.table(
        ["work", "process", "seconds", "least", "most", "test digits right, %", "time", "memory MB"], rows))
    return 0
