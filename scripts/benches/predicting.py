# SPDX-License-Identifier: MIT
"""scripts/bench predict [--run RUN] [--data FOLDER] [--threads 1,2] [--rounds 5] [-o FOLDER]

nnrun predict over a folder of JPEG files, one sub-folder a class, beside what loading them takes: nnrun
data check over the same folder.  Both are timed as whole processes, in turn; the figures are medians, the
ratio is theirs.  The share of files whose class is that of their folder is held against the accuracy the
run reported on its test set, which the folder is unless --data names another.

  --run RUN       a run to predict with (default: a new one of experiments/baseline.yaml, one epoch)
  --data FOLDER   default data/mnist-jpg/test; scripts/data mnist brings it
  --threads LIST  numbers of threads (default 1,2)
  --rounds N      both in turn, N times (default 5)
  --nnrun FILE    the program (default build/release/nnrun)
  -o FOLDER       results.jsonl and predict.md there (default build/bench)
"""

import json
import os
import statistics
import subprocess
import tempfile
import time

from . import common

WHAT = "nnrun predict over JPEG files beside loading them"

SPEC = """nnrun: 1
name: loading
data:
  train: {use: jpeg_folder, path: %s}
network:
  layers: [{units: classes, activation: softmax}]
  cost: categorical_cross_entropy
training: {epochs: 1, batch_size: 10, optimizer: sgd}
"""


def timed(command):
    """Seconds a process took, and what it printed."""
    begin = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return time.monotonic() - begin, done.stdout.decode()  # what is made of it here is not the process's time


def train(args, folder):
    spec = os.path.join(common.ROOT, "experiments/baseline.yaml")
    lines = subprocess.run([args.nnrun, "run", spec, "training.epochs=1", "expect=[]", "--out", folder,
                            "--quiet", "--json"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return json.loads(lines.splitlines()[-1])["run"]


def share_right(printed):
    """How many files there are, and the share that is taken for the class of its folder."""
    rows = [json.loads(line) for line in printed.splitlines()]
    right = sum(os.path.basename(os.path.dirname(row["file"])) == row["class"] for row in rows)
    return len(rows), right / len(rows)


def measure(args, run, spec, threads):
    predict = [args.nnrun, "predict", run, args.data, "--json", "--quiet", "--threads", threads]
    load = [args.nnrun, "data", "check", spec, "--quiet", "--threads", threads]
    predicting, loading = [], []
    for _ in range(args.rounds):
        seconds, printed = timed(predict)
        predicting.append(seconds)
        loading.append(timed(load)[0])
    files, accuracy = share_right(printed)
    entry = {"bench": "predict", "threads": int(threads), "files": files, "accuracy": accuracy,
             "predict_s": statistics.median(predicting), "load_s": statistics.median(loading)}
    return dict(entry, ratio=entry["predict_s"] / entry["load_s"])


def add_options(parser):
    common.add_options(parser, "data/mnist-jpg/test")
    parser.add_argument("--run")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=5)


def run(args):
    if not os.path.isdir(args.data):
        common.say("error: no folder %s\n  scripts/data mnist brings it" % args.data)
        return 3
    with tempfile.TemporaryDirectory(prefix="nnrun-bench-") as folder:
        spec = os.path.join(folder, "loading.yaml")
        with open(spec, "w") as out:
            out.write(SPEC % os.path.abspath(args.data))
        trained = args.run or train(args, folder)
        shown = json.loads(timed([args.nnrun, "show", trained, "--json"])[1])
        found = [measure(args, trained, spec, threads) for threads in args.threads.split(",")]
    rows = [[str(f["threads"]), str(f["files"]), "%.3f" % f["load_s"], "%.3f" % f["predict_s"],
             "%.2f" % f["ratio"], "%.4f" % f["accuracy"], "%.4f" % shown["test"]["accuracy"]] for f in found]
    common.write(args, "predict.md", found, common.table(
        ["threads", "files", "load s", "predict s", "ratio", "accuracy", "the run's"], rows))
    return 0
