# SPDX-License-Identifier: MIT
"""scripts/bench [train] [--works W1,W2] [--threads 1,2] [--rounds 3] [--peers LIST] [-o FOLDER]

Training speed of nnrun beside what a user would take instead, on the same work, in the same run: NumPy,
PyTorch, scikit-learn and FANN.  What is not installed is named and left out.

  --works LIST    of W1 (784-30-10, quadratic, batch 10), W2 (784-100-10, cross-entropy and l2, batch
                  10), W3 (784-512-512-10, adam, batch 128), W4 (784-2048-2048-10, momentum, batch 512)
  --threads LIST  numbers of threads (default 1,2)
  --rounds N      everyone in turn, then again, N times (default 3)
  --seconds S     a peer starts no further epoch after S seconds of a round (default 4)
  --peers LIST    of nnrun, nnrun-f64, numpy, torch, sklearn, fann (default: all)
  --limit N       train on the first N samples only (default: all)
  --data DIR      MNIST as IDX files (default data/mnist-idx; scripts/data mnist brings them)
  --nnrun FILE    the program (default build/release/nnrun)
  -o FOLDER       results.jsonl, training.md and speed.png there (default build/bench)

The figure is the median over the epochs of all rounds, between least and most; the table is in
samples a second, with nnrun's ratio to each.  Shuffling and gathering are in the time of all,
loading and testing in that of none.
"""

import os
import statistics

from . import common
from .training_peers import PEERS, WORKS, every_round, present

WHAT = "training speed beside NumPy, PyTorch, scikit-learn and FANN"


def measure(args, peers):
    found = {}
    for work, threads, peer, lines in every_round(args, peers):
        entry = found.setdefault((work, threads, peer), {"rates": [], "rss_mb": 0})
        entry["rates"] += [line["rows"] / line["seconds"] for line in lines]
        entry["rss_mb"] = max([entry["rss_mb"]] + [line["rss_mb"] for line in lines])
    return {key: entry for key, entry in found.items() if entry["rates"]}


def table(found):
    rows = []
    for (work, threads, peer), entry in found.items():
        middle = statistics.median(entry["rates"])
        ours = found.get((work, threads, "nnrun"))
        ratio = "%.1f x" % (statistics.median(ours["rates"]) / middle) if ours else ""
        rows.append([work, str(threads), peer, "%.0f" % middle, "%.0f" % min(entry["rates"]),
                     "%.0f" % max(entry["rates"]), ratio, "%.0f" % entry["rss_mb"]])
    return common.table(["work", "threads", "peer", "samples/s", "least", "most", "nnrun is",
                         "memory MB"], rows)


def picture(found, path):
    try:
        import matplotlib
    except ImportError:
        common.say("no picture, python3-matplotlib is not installed")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot
    groups = sorted({(work, threads) for work, threads, _ in found})
    peers = [peer for peer in PEERS if any(key[2] == peer for key in found)]
    figure, axes = pyplot.subplots(figsize=(9, 4))
    for k, peer in enumerate(peers):
        heights = [statistics.median(found[g + (peer,)]["rates"]) if g + (peer,) in found else 0
                   for g in groups]
        axes.bar([i + k / (len(peers) + 1) for i in range(len(groups))], heights,
                 1 / (len(peers) + 1), label=peer)
    axes.set_yscale("log")
    axes.set_ylabel("samples/s")
    axes.set_xticks([i + 0.4 for i in range(len(groups))],
                    ["%s\n%d thread%s" % (w, t, "s" if t > 1 else "") for w, t in groups])
    axes.legend(frameon=False, ncols=len(peers), loc="lower center", bbox_to_anchor=(0.5, 1))
    figure.tight_layout()
    figure.savefig(path)


def add_options(parser):
    common.add_options(parser, "data/mnist-idx")
    parser.add_argument("--works", default="W1,W2,W3,W4")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--limit", type=int, default=0)
    common.add_inner_options(parser)


def run(args):
    args.data = os.path.abspath(args.data)
    if args.peer:
        PEERS[args.peer](args, WORKS[args.work])
        return 0
    if not common.has_idx(args.data):
        return 3
    found = measure(args, present(args))
    records = [dict(work=work, threads=threads, peer=peer, median=statistics.median(entry["rates"]),
                    least=min(entry["rates"]), most=max(entry["rates"]), rss_mb=entry["rss_mb"])
               for (work, threads, peer), entry in found.items()]
    common.write(args, "training.md", records, table(found))
    picture(found, os.path.join(args.out, "speed.png"))
    return 0
