# SPDX-License-Identifier: MIT
"""What the benches share: where things lie, what is installed, and how results are written."""

import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BATCH = 128  # of jpeg_spec()
SCRIPT = os.path.join(ROOT, "scripts/bench")


def say(text):
    print("scripts/bench: " + text, file=sys.stderr, flush=True)


def add_options(parser, data):
    """The options of every bench; `data` is the default of --data."""
    parser.add_argument("--data", default=os.path.join(ROOT, data))
    parser.add_argument("--nnrun", default=os.path.join(ROOT, "build/release/nnrun"))
    parser.add_argument("-o", dest="out", default=os.path.join(ROOT, "build/bench"))


def add_inner_options(parser):
    """Those by which a bench calls itself, one peer a process."""
    for name, kind in (("--peer", str), ("--work", str), ("--thread", int)):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    parser.add_argument("--infer", action="store_true", help=argparse.SUPPRESS)


def best_blas(peer):
    """PyTorch has OpenMP threads; an OpenBLAS with threads of its own stands in their way."""
    found = glob.glob("/usr/lib/*/openblas-openmp") if peer == "torch" else []
    return {"LD_LIBRARY_PATH": found[0]} if found else {}


def one_round(args, peer, work, threads, *words):
    """The JSON lines of one peer of `scripts/bench train` in a process of its own."""
    env = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads), **best_blas(peer))
    command = [sys.executable, SCRIPT, "train", "--peer", peer, "--work", work,
               "--thread", str(threads), "--seconds", str(args.seconds), "--limit", str(args.limit),
               "--data", args.data, "--nnrun", args.nnrun, *words]
    run = subprocess.run(command, env=env, stdout=subprocess.PIPE)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    if run.returncode != 0 or not lines:
        say("%s failed on %s" % (peer, work))
    return lines


def nnrun_bench(args, spec, *words):
    """What `nnrun bench` tells of a spec, or None where it fails."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(spec)
        file.flush()
        run = subprocess.run([args.nnrun, "bench", file.name, "--json", "--quiet", *words],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        say("nnrun bench failed:\n" + run.stderr)
        return None
    return json.loads(run.stdout)


def has_idx(folder):
    if os.path.exists(os.path.join(folder, "train-images-idx3-ubyte")):
        return True
    say("error: no IDX files in %s\n  scripts/data mnist brings them" % folder)
    return False


def lacks_module(module, package=None):
    """Why `import module` fails here, or None."""
    found = subprocess.run([sys.executable, "-c", "import " + module], capture_output=True)
    return None if found.returncode == 0 else "python3-%s is not installed" % (package or module)


def no_data(args):
    say("error: no JPEG folders in %s\n  scripts/data mnist brings them" % args.data)
    return 3


def present(args, known, missing):
    """The peers asked for that can run here; `missing(peer, args)` says why one can't."""
    peers = []
    for peer in args.peers.split(","):
        why = missing(peer, args) if peer in known else "there is no such peer"
        if why:
            say("%s is left out: %s" % (peer, why))
        else:
            peers.append(peer)
    return peers


def peak_mb(command):
    """Peak memory of a process, MB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return os.wait4(process.pid, 0)[2].ru_maxrss / 1024


def jpeg_spec(train, test, units, epochs, more=""):
    """An experiment on folders of JPEGs, relu and softmax, Adam, batches of BATCH; `more` below data."""
    if test:
        more = "  test: {use: jpeg_folder, path: %s}\n%s" % (test, more)
    layers = "".join("    - {units: %d, activation: relu}\n" % n for n in units)
    return """nnrun: 1
name: bench
seed: 1
precision: float32
data:
  train: {use: jpeg_folder, path: %s}
%s  normalize: unit
network:
  initializer: scaled_normal
  layers:
%s    - {units: classes, activation: softmax}
  cost: categorical_cross_entropy
training:
  epochs: %d
  batch_size: %d
  optimizer: {use: adam, rate: 0.001}
  schedule: cosine
""" % (train, more, layers, epochs, BATCH)


def idx(folder, name):
    """The array in one of the IDX files of MNIST."""
    import numpy as np
    raw = open(os.path.join(folder, name), "rb").read()
    dims = [int.from_bytes(raw[4 + 4 * k:8 + 4 * k], "big") for k in range(raw[3])]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(dims)


def table(head, rows):
    """Markdown."""
    lines = ["| " + " | ".join(row) + " |" for row in [head] + rows]
    return "\n".join(lines[:1] + ["|" + "---|" * len(head)] + lines[1:]) + "\n"


def write(args, name, records, text):
    """Appends records to results.jsonl, puts the table into `name` and shows it."""
    os.makedirs(args.out, exist_ok=True)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with open(os.path.join(args.out, "results.jsonl"), "a") as out:
        for record in records:
            out.write(json.dumps(dict(time=now, **record)) + "\n")
    with open(os.path.join(args.out, name), "w") as out:
        out.write(text)
    print(text, end="")
