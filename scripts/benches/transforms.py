# SPDX-License-Identifier: MIT
"""scripts/bench transform [--rounds 3] [--seconds 1] [--peers LIST] [-o FOLDER]

Elastic distortions of images of 28 x 28 (alpha 34, sigma 4) on one thread: by nnrun, by OpenCV (both
fields in one GaussianBlur, one remap an image; and 64 images in one strip, so that Python is called
seldom) and by SciPy (gaussian_filter, map_coordinates); random numbers are in the time of all.  Then what
training W3 (784-512-512-10, Adam, batches of 128) keeps of its speed with affine and elastic ones, from JPEG
folders and from IDX files.

  --rounds N      everyone in turn, then again, N times (default 3)
  --seconds S     for each peer in each round (default 1)
  --peers LIST    of nnrun, opencv, opencv-strip, scipy, training (default: all)
  --threads LIST  numbers of threads of the training (default 2)
  --data DIR      MNIST as JPEG folders (default data/mnist-jpg; scripts/data mnist makes it)
  --idx DIR       MNIST as IDX files (default data/mnist-idx; the same brings them)
  --nnrun FILE    the program (default build/release/nnrun), beside the tests of its build
  -o FOLDER       results.jsonl and transforms.md there (default build/bench)
"""

import json
import os
import statistics
import subprocess
import tempfile
import time

from . import common

WHAT = "elastic distortions beside OpenCV and SciPy, and what training keeps with them"
PEERS = ("nnrun", "opencv", "opencv-strip", "scipy", "training")
SIDE, ALPHA, SIGMA, REACH = 28, 34, 4, 16
STRIP = 64
PLUS = ", affine and elastic"
TRANSFORMS = "data.transforms=[affine, {use: elastic, alpha: %d, sigma: %d}]" % (ALPHA, SIGMA)


def opencv(images=1):
    """A function that distorts so many images: a strip of them, with room for the blur between."""
    import cv2
    import numpy as np
    cv2.setNumThreads(1)
    rng = np.random.default_rng(1)
    rows = images * (SIDE + REACH) - REACH
    picture = rng.random((rows, SIDE), np.float32)
    grid = np.stack(np.meshgrid(np.arange(SIDE), np.arange(rows)), 2).astype(np.float32)
    inside = (np.arange(rows) % (SIDE + REACH) < SIDE).astype(np.float32)[:, None, None]

    def distort():
        field = rng.random((rows, SIDE, 2), np.float32)
        field -= np.float32(0.5)
        if images > 1:
            field *= inside
        field = cv2.GaussianBlur(field, (2 * REACH + 1, 2 * REACH + 1), SIGMA,
                                 borderType=cv2.BORDER_CONSTANT)
        field *= np.float32(2 * ALPHA)
        field += grid
        cv2.remap(picture, field, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)

    return distort, images


def scipy():
    import numpy as np
    from scipy import ndimage
    rng = np.random.default_rng(1)
    picture = rng.random((SIDE, SIDE), np.float32)
    grid = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij")).astype(np.float32)

    def distort():
        field = rng.random((2, SIDE, SIDE), np.float32) * np.float32(2) - np.float32(1)
        for axis in range(2):
            field[axis] = ndimage.gaussian_filter(field[axis], SIGMA, mode="constant")
        ndimage.map_coordinates(picture, grid + ALPHA * field, order=1)

    return distort, 1


def rate(seconds, made):
    """Images a second."""
    distort, images = made
    distort()
    count, begin_s = 0, time.perf_counter()
    while time.perf_counter() - begin_s < seconds:
        distort()
        count += images
    return count / (time.perf_counter() - begin_s)


def bench_transform(args):
    return os.path.join(os.path.dirname(args.nnrun), "tests/data_path/bench_transform")


def nnrun_rate(args):
    plugins = os.path.join(os.path.dirname(args.nnrun), "plugins")
    run = subprocess.run([bench_transform(args), "elastic", str(SIDE), str(SIDE), str(args.seconds)],
                         env=dict(os.environ, NNRUN_TEST_PLUGINS=plugins), stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)["per_s"]


RATES = {
    "nnrun": nnrun_rate,
    "opencv": lambda args: rate(args.seconds, opencv()),
    "opencv-strip": lambda args: rate(args.seconds, opencv(STRIP)),
    "scipy": lambda args: rate(args.seconds, scipy()),
}


def sources(args):
    """Names of works and what each says of its data."""
    found = {"W3 from JPEG": []}
    files = [os.path.join(args.idx, "train-%s-ubyte" % part) for part in ("images-idx3", "labels-idx1")]
    if all(os.path.exists(name) for name in files):
        found["W3 from IDX"] = ["data.train={use: idx, images: %s, labels: %s}" % tuple(files)]
    return found


def training_rate(args, threads, *overrides):
    """Samples a second of the second epoch."""
    with tempfile.TemporaryDirectory() as folder:
        spec = os.path.join(folder, "bench.yaml")
        with open(spec, "w") as out:
            out.write(common.jpeg_spec(os.path.join(args.data, "train"), None, [512, 512], 2))
        run = subprocess.run([args.nnrun, "run", spec, "--json", "--out", folder, "--threads", str(threads),
                              "data.validation=none", *overrides], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, check=True)
    events = [json.loads(line) for line in run.stdout.splitlines()]
    first, second = [event for event in events if "train_seconds" in event]
    return common.BATCH * (second["step"] - first["step"]) / second["train_seconds"]


def missing(peer, args):
    """Why a peer can't run here, or None."""
    if peer == "training":
        return None if os.path.isdir(os.path.join(args.data, "train")) else "no JPEG folders in " + args.data
    if peer == "nnrun":
        return None if os.path.exists(bench_transform(args)) else bench_transform(args) + " is not built"
    return common.lacks_module("cv2", "opencv") if peer.startswith("opencv") else common.lacks_module(peer)


def measure(args, peers):
    found = {}
    for turn in range(args.rounds):
        for peer in peers:
            if peer != "training":
                found.setdefault((peer, "elastic", 1), []).append(RATES[peer](args))
                continue
            for threads in (int(t) for t in args.threads.split(",")):
                for source, words in sources(args).items():
                    for name, more in ((source, []), (source + PLUS, [TRANSFORMS])):
                        found.setdefault(("nnrun", name, threads), []).append(
                            training_rate(args, threads, *words, *more))
        common.say("round %d of %d is done" % (turn + 1, args.rounds))
    return found


def table(found):
    rows = []
    for (peer, work, threads), rates in found.items():
        middle = statistics.median(rates)
        # Training is held against itself, distortions against nnrun's.
        base = found.get(("nnrun", work.removesuffix(PLUS), threads))
        ratio = "" if base is None else ("%.2f x" % (statistics.median(base) / middle) if work == "elastic"
                                         else "%.2f of that without" % (middle / statistics.median(base)))
        rows.append([work, str(threads), peer, "%.0f" % middle, "%.0f" % min(rates), "%.0f" % max(rates), ratio])
    return common.table(["work", "threads", "by", "images/s", "least", "most", "nnrun is"], rows)


def add_options(parser):
    common.add_options(parser, "data/mnist-jpg")
    parser.add_argument("--idx", default=os.path.join(common.ROOT, "data/mnist-idx"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--threads", default="2")
    parser.add_argument("--peers", default=",".join(PEERS))


def run(args):
    args.data, args.idx = os.path.abspath(args.data), os.path.abspath(args.idx)
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    found = measure(args, common.present(args, PEERS, missing))
    records = [dict(bench="transform", peer=peer, work=work, threads=threads,
                    median=statistics.median(rates), least=min(rates), most=max(rates))
               for (peer, work, threads), rates in found.items()]
    common.write(args, "transforms.md", records, table(found))
    return 0
