# SPDX-License-Identifier: MIT
"""scripts/bench infer [--works W1,W3] [--threads 1,2] [--rounds 3] [--peers LIST] [-o FOLDER]

Inference with the networks of `scripts/bench train`: the time of one sample given alone, and samples a
second where 10,000 are given at once.

  --works LIST    of W1, W2, W3, W4 (default W1,W3)
  --threads LIST  numbers of threads (default 1,2)
  --rounds N      everyone in turn, then again, N times (default 3)
  --seconds S     time of a round (default 2)
  --peers LIST    of nnrun, nnrun-f64, numpy, torch, sklearn, fann (default: all)
  --data DIR      MNIST as IDX files (default data/mnist-idx; scripts/data mnist brings them)
  --nnrun FILE    the program (default build/release/nnrun)
  -o FOLDER       results.jsonl and inference.md there (default build/bench)

Medians of the rounds; nnrun's time is its ratio to the peer's, so that less than 1 is faster.  nnrun reads
bytes and counts what it got right, the others are given arrays of reals.
"""

import os
import statistics

from . import common
from .training_peers import PEERS, every_round, present

WHAT = "inference beside the same"


def add_options(parser):
    common.add_options(parser, "data/mnist-idx")
    parser.add_argument("--works", default="W1,W3")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.set_defaults(limit=0)


def measure(args, peers):
    """Seconds a sample, by (work, threads, peer), "one" and "all"."""
    found = {}
    for work, threads, peer, lines in every_round(args, peers, "--infer"):
        for line in lines:
            entry = found.setdefault((work, threads, peer), {"one": [], "all": []})
            entry[line["what"]].append(line["seconds"] / line["rows"])
    return {key: {what: statistics.median(times) for what, times in entry.items()}
            for key, entry in found.items()}


def run(args):
    args.data = os.path.abspath(args.data)
    if not common.has_idx(args.data):
        return 3
    found = measure(args, present(args))
    rows = []
    for (work, threads, peer), entry in found.items():
        ours = found.get((work, threads, "nnrun"), entry)
        rows.append([work, str(threads), peer, "%.2f" % (entry["one"] * 1e6), "%.0f" % (1 / entry["all"]),
                     "%.2f" % (ours["one"] / entry["one"]), "%.2f" % (ours["all"] / entry["all"])])
    head = ["work", "threads", "peer", "one sample, us", "10,000 samples, samples/s",
            "nnrun's time for one is", "for 10,000"]
    records = [dict(work=work, threads=threads, peer=peer, one_s=entry["one"], all_s=entry["all"])
               for (work, threads, peer), entry in found.items()]
    common.write(args, "inference.md", records, common.table(head, rows))
    return 0
