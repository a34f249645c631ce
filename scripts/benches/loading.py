# SPDX-License-Identifier: MIT
"""scripts/bench load [--threads 1,2] [--rounds 3] [--peers LIST] [-o FOLDER]

How fast a folder of JPEG classes is read into memory, from a warm page cache: by nnrun (sorted, checked,
fingerprinted), by a bare loop over libjpeg that does none of this, by PIL and by torchvision.  "files" is that
loop without libjpeg: opening, reading and closing alone, which no loader of files can exceed.

  --threads LIST  numbers of threads (default 1,2); PIL and torchvision take as many processes
  --rounds N      everyone in turn, then again, N times (default 3)
  --peers LIST    of nnrun, libjpeg, files, pil, torchvision (default: all)
  --data DIR      the folder of classes (default data/mnist-jpg/train; scripts/data mnist makes it)
  --nnrun FILE    the program (default build/release/nnrun), beside the tests of its build
  -o FOLDER       results.jsonl and loading.md there (default build/bench)

Decoding alone: nnrun's cache is off, its second start is in `scripts/bench start`.  Memory is the
process's peak; nnrun's is that of `nnrun data check`, all else is in it.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from . import common

OWN = ("nnrun", "libjpeg", "files")  # in one process
PEERS = OWN + ("pil", "torchvision")
WHAT = "JPEG folders into memory beside a libjpeg loop, PIL and torchvision"


# ---- What a peer's process does ----

def files_of(folder):
    return [os.path.join(at, name) for at, _, names in sorted(os.walk(folder)) for name in sorted(names)]


def pil_some(files):
    import numpy as np
    from PIL import Image
    first = np.asarray(Image.open(files[0]))
    pixels = np.empty((len(files), first.size), np.uint8)
    for row, name in enumerate(files):
        with Image.open(name) as image:
            pixels[row] = np.asarray(image).ravel()
    return pixels


def load_pil(folder, threads):
    import numpy as np
    from concurrent.futures import ProcessPoolExecutor
    files = files_of(folder)
    if threads == 1:
        return len(pil_some(files))
    with ProcessPoolExecutor(threads) as pool:
        return len(np.concatenate(list(pool.map(pil_some, [files[k::threads] for k in range(threads)]))))


def load_torchvision(folder, threads):
    import torch
    from . import torch_data
    torch.set_num_threads(1)
    return len(torch_data.load(folder, 0 if threads == 1 else threads)[0])


LOADS = {"pil": load_pil, "torchvision": load_torchvision}


def load_once(args):
    """One JSON line; the modules are there before the clock runs."""
    __import__("PIL.Image" if args.peer == "pil" else "torchvision")
    begin_s = time.perf_counter()
    count = LOADS[args.peer](args.data, args.thread)
    seconds = time.perf_counter() - begin_s
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rates": [count / seconds], "rss_mb": round(peak, 1)}))


# ---- Measuring ----

def peer_round(args, peer, threads):
    run = subprocess.run([sys.executable, common.SCRIPT, "load", "--peer", peer, "--thread", str(threads),
                          "--data", args.data], stdout=subprocess.PIPE, check=True)
    return {peer: json.loads(run.stdout)}


def bench_load(args):
    return os.path.join(os.path.dirname(args.nnrun), "tests/data_path/bench_load")


def nnrun_memory(args, threads):
    """MB at the peak of a process that loads the folder."""
    with tempfile.TemporaryDirectory() as folder:
        spec = os.path.join(folder, "load.yaml")
        with open(spec, "w") as out:
            out.write(common.jpeg_spec(args.data, None, units=[1], epochs=1, more="  cache: none\n"))
        return common.peak_mb([args.nnrun, "data", "check", spec, "--quiet", "--threads", str(threads)])


def own_round(args, threads):
    """nnrun and the bare loops alternate in one process."""
    plugins = os.path.join(os.path.dirname(args.nnrun), "plugins")
    run = subprocess.run([bench_load(args), args.data, str(threads), "3"], stdout=subprocess.PIPE,
                         env=dict(os.environ, NNRUN_TEST_PLUGINS=plugins), check=True)
    found = json.loads(run.stdout)
    return {"nnrun": {"rates": [found["nnrun_per_s"]], "rss_mb": nnrun_memory(args, threads)},
            "libjpeg": {"rates": [found["libjpeg_loop_per_s"]], "rss_mb": None},
            "files": {"rates": [found["files_alone_per_s"]], "rss_mb": None}}


def missing(peer, args):
    """Why a peer can't run here, or None."""
    if peer in OWN:
        return None if os.path.exists(bench_load(args)) else bench_load(args) + " is not built"
    return common.lacks_module({"pil": "PIL"}.get(peer, peer), peer)


def measure(args, peers):
    found = {}
    own = [peer for peer in peers if peer in OWN]
    for turn in range(args.rounds):
        for threads in (int(t) for t in args.threads.split(",")):
            results = own_round(args, threads) if own else {}
            for peer in peers:
                if peer not in own:
                    results.update(peer_round(args, peer, threads))
            for peer in peers:
                entry = found.setdefault((threads, peer), {"rates": [], "rss_mb": None})
                entry["rates"] += results[peer]["rates"]
                entry["rss_mb"] = max(filter(None, (entry["rss_mb"], results[peer]["rss_mb"])), default=None)
        common.say("round %d of %d is done" % (turn + 1, args.rounds))
    return found


def table(found):
    rows = []
    for (threads, peer), entry in sorted(found.items(), key=lambda item: item[0][0]):
        middle = statistics.median(entry["rates"])
        ours = found.get((threads, "nnrun"))
        ratio = "%.2f x" % (statistics.median(ours["rates"]) / middle) if ours else ""
        memory = "" if entry["rss_mb"] is None else "%.0f" % entry["rss_mb"]
        rows.append([str(threads), peer, "%.0f" % middle, "%.0f" % min(entry["rates"]),
                     "%.0f" % max(entry["rates"]), ratio, memory])
    return common.table(["threads", "loader", "images/s", "least", "most", "nnrun is", "memory MB"], rows)


def add_options(parser):
    common.add_options(parser, "data/mnist-jpg/train")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", default=",".join(PEERS))
    for name, kind in (("--peer", str), ("--thread", int)):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)


def run(args):
    args.data = os.path.abspath(args.data)
    if not os.path.isdir(args.data):
        return common.no_data(args)
    if args.peer:
        load_once(args)
        return 0
    found = measure(args, common.present(args, PEERS, missing))
    records = [dict(bench="load", threads=threads, peer=peer, median=statistics.median(entry["rates"]),
                    least=min(entry["rates"]), most=max(entry["rates"]), rss_mb=entry["rss_mb"])
               for (threads, peer), entry in found.items()]
    common.write(args, "loading.md", records, table(found))
    return 0
