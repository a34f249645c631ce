# SPDX-License-Identifier: MIT
"""Who is measured in training and inference, and on what work.  In training each peer prints a JSON line an
epoch, in inference one in all."""

import ctypes
import ctypes.util
import json
import os
import resource
import statistics
import time

from . import common

WORKS = {
    "W1": dict(sizes=[784, 30, 10], hidden="sigmoid", last="sigmoid", cost="quadratic",
               optimizer="{use: sgd, rate: 3.0}", batch=10, rate=3.0, momentum=0.0, l2=0.0),
    "W2": dict(sizes=[784, 100, 10], hidden="sigmoid", last="sigmoid", cost="binary_cross_entropy",
               optimizer="{use: sgd, rate: 0.5}", batch=10, rate=0.5, momentum=0.0, l2=5 / 60000),
    "W3": dict(sizes=[784, 512, 512, 10], hidden="relu", last="softmax",
               cost="categorical_cross_entropy", optimizer="{use: adam, rate: 0.001}", batch=128,
               rate=1e-3, momentum=0.0, l2=0.0),
    "W4": dict(sizes=[784, 2048, 2048, 10], hidden="relu", last="softmax",
               cost="categorical_cross_entropy", optimizer="{use: sgd, rate: 0.1, momentum: 0.9}",
               batch=512, rate=0.1, momentum=0.9, l2=0.0),
}
ONE_THREAD = {"fann"}
SLOW = {"fann": {"W1": 20000, "W2": 8000, "W3": 1000, "W4": 100}}


def report_training(args, train_epoch, rows):
    """Times epochs until the round is over; one JSON line each."""
    begin = time.perf_counter()
    epoch = 0
    while epoch < 1 or time.perf_counter() - begin < args.seconds:
        from_s = time.perf_counter()
        train_epoch()
        seconds = time.perf_counter() - from_s
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"rows": rows, "seconds": seconds, "rss_mb": round(peak, 1)}), flush=True)
        epoch += 1


def report_inference(args, predict, x):
    """Times one sample at a time, then all of x in one call; medians."""
    for name, call, rows in (("one", lambda k: predict(x[k:k + 1]), 1), ("all", lambda _: predict(x), len(x))):
        call(0)
        seconds, begin = [], time.perf_counter()
        while len(seconds) < 3 or time.perf_counter() - begin < args.seconds / 2:
            from_s = time.perf_counter()
            call(len(seconds) % len(x))
            seconds.append(time.perf_counter() - from_s)
        print(json.dumps({"what": name, "rows": rows, "seconds": statistics.median(seconds)}), flush=True)


def report(args, train_epoch, predict, x):
    if args.infer:
        report_inference(args, predict, x[:10000])
    else:
        report_training(args, train_epoch, len(x))


def samples(args):
    import numpy as np
    x = common.idx(args.data, "train-images-idx3-ubyte").reshape(-1, 784)
    y = common.idx(args.data, "train-labels-idx1-ubyte").astype(np.int64)
    limit = min(args.limit or len(x), SLOW.get(args.peer, {}).get(args.work, len(x)))
    return x[:limit].astype(np.float32) / np.float32(255), y[:limit]


def peer_numpy(args, work):
    import numpy as np
    x, y = samples(args)
    real, rng = np.float32, np.random.default_rng(1)
    shapes = list(zip(work["sizes"][:-1], work["sizes"][1:]))
    w = [(rng.standard_normal(s) / np.sqrt(s[0])).astype(real) for s in shapes]
    b = [np.zeros(s[1], real) for s in shapes]
    onehot, top = np.eye(10, dtype=real)[y], len(w) - 1
    first = [np.zeros_like(p) for p in w + b]
    second = [np.zeros_like(p) for p in w + b]
    count, rate = [0], real(work["rate"])

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    def forward(a):
        kept = [a]
        for l, (m, v) in enumerate(zip(w, b)):
            z = kept[-1] @ m + v
            if work["last" if l == top else "hidden"] == "sigmoid":
                kept.append(sigmoid(z))
            elif l < top:
                kept.append(np.maximum(z, 0))
            else:
                e = np.exp(z - z.max(1, keepdims=True))
                kept.append(e / e.sum(1, keepdims=True))
        return kept

    def step(xb, yb):
        kept = forward(xb)
        dz = kept[-1] - yb
        if work["cost"] == "quadratic":
            dz = dz * kept[-1] * (1 - kept[-1])
        dz = dz / real(len(xb))
        grads_w, grads_b = [None] * len(w), [None] * len(w)
        for l in range(top, -1, -1):
            grads_w[l], grads_b[l] = kept[l].T @ dz, dz.sum(0)
            if l > 0:
                da = dz @ w[l].T
                a = kept[l]
                dz = da * a * (1 - a) if work["hidden"] == "sigmoid" else da * (a > 0)
        count[0] += 1
        for k, (p, g) in enumerate(zip(w + b, grads_w + grads_b)):
            if "adam" in work["optimizer"]:
                first[k] += real(0.1) * (g - first[k])
                second[k] += real(0.001) * (g * g - second[k])
                m = first[k] / real(1 - 0.9 ** count[0])
                v = second[k] / real(1 - 0.999 ** count[0])
                p -= rate * m / (np.sqrt(v) + real(1e-8))
            elif work["momentum"] > 0:
                first[k] *= real(work["momentum"])
                first[k] += g
                p -= rate * first[k]
            else:
                if work["l2"] > 0 and k <= top:
                    p *= real(1 - work["rate"] * work["l2"])
                p -= rate * g

    def epoch():
        order = rng.permutation(len(x))
        for at in range(0, len(x), work["batch"]):
            rows = order[at:at + work["batch"]]
            step(x[rows], onehot[rows])

    report(args, epoch, forward, x)


def peer_torch(args, work):
    import torch
    torch.set_num_threads(args.thread)
    x, y = (torch.from_numpy(v) for v in samples(args))
    onehot = torch.nn.functional.one_hot(y, 10).float()
    layers = []
    for l, (i, o) in enumerate(zip(work["sizes"][:-1], work["sizes"][1:])):
        layers.append(torch.nn.Linear(i, o))
        if l + 2 < len(work["sizes"]):
            layers.append(torch.nn.Sigmoid() if work["hidden"] == "sigmoid" else torch.nn.ReLU())
    net = torch.nn.Sequential(*layers)
    if "adam" in work["optimizer"]:
        optimizer = torch.optim.Adam(net.parameters(), lr=work["rate"])
    else:
        weights = [p for p in net.parameters() if p.dim() == 2]
        biases = [p for p in net.parameters() if p.dim() == 1]
        optimizer = torch.optim.SGD([{"params": weights, "weight_decay": work["l2"]},
                                     {"params": biases}], lr=work["rate"],
                                    momentum=work["momentum"])

    def cost(z, rows):
        if work["cost"] == "quadratic":
            return 0.5 * ((torch.sigmoid(z) - onehot[rows]) ** 2).sum() / len(rows)
        if work["cost"] == "binary_cross_entropy":
            return torch.nn.functional.binary_cross_entropy_with_logits(
                z, onehot[rows], reduction="sum") / len(rows)
        return torch.nn.functional.cross_entropy(z, y[rows])

    def epoch():
        order = torch.randperm(len(x))
        for at in range(0, len(x), work["batch"]):
            rows = order[at:at + work["batch"]]
            optimizer.zero_grad()
            cost(net(x[rows]), rows).backward()
            optimizer.step()

    def predict(some):
        with torch.inference_mode():
            return net(some)

    report(args, epoch, predict, x)


def peer_sklearn(args, work):
    """Log loss throughout: scikit-learn has no quadratic cost for classes."""
    import warnings
    from sklearn.neural_network import MLPClassifier
    warnings.simplefilter("ignore")
    x, y = samples(args)
    net = MLPClassifier(
        hidden_layer_sizes=work["sizes"][1:-1],
        activation="logistic" if work["hidden"] == "sigmoid" else "relu",
        solver="adam" if "adam" in work["optimizer"] else "sgd", momentum=work["momentum"],
        nesterovs_momentum=False, alpha=work["l2"], batch_size=work["batch"],
        learning_rate_init=min(work["rate"], 0.5))
    if args.infer:
        net.partial_fit(x[:200], y[:200], classes=range(10))
    report(args, lambda: net.partial_fit(x, y, classes=range(10)), net.predict_proba, x)


def fann():
    for name in ("fann.so.2", "floatfann.so.2"):
        try:
            return ctypes.CDLL("lib" + name)
        except OSError:
            pass
    found = ctypes.util.find_library("floatfann") or ctypes.util.find_library("fann")
    return ctypes.CDLL(found) if found else None


def peer_fann(args, work):
    """A sample at a time, squared error throughout: FANN has neither batches nor other costs."""
    import numpy as np
    x, y = samples(args)
    library = fann()
    layers = (ctypes.c_uint * len(work["sizes"]))(*work["sizes"])
    library.fann_create_standard_array.restype = ctypes.c_void_p
    net = ctypes.c_void_p(library.fann_create_standard_array(len(work["sizes"]), layers))
    library.fann_set_learning_rate(net, ctypes.c_float(0.1))
    onehot = np.eye(10, dtype=np.float32)[y]

    def epoch():
        for row in np.random.permutation(len(x)):
            library.fann_train(net, x[row].ctypes.data_as(ctypes.c_void_p),
                               onehot[row].ctypes.data_as(ctypes.c_void_p))

    def predict(some):
        for row in range(len(some)):
            library.fann_run(net, some[row].ctypes.data_as(ctypes.c_void_p))

    report(args, epoch, predict, x)


def spec_of(args, work, bits):
    layers = "\n".join("    - {units: %d, activation: %s}" % (units, work["hidden"])
                       for units in work["sizes"][1:-1])
    limit = ", limit: %d" % args.limit if args.limit else ""
    return """nnrun: 1
name: bench
precision: float%d
data:
  train: {use: idx, images: %s/train-images-idx3-ubyte, labels: %s/train-labels-idx1-ubyte%s}
  normalize: unit
network:
  initializer: scaled_normal
  layers:
%s
    - {units: classes, activation: %s}
  cost: %s
training:
  epochs: 1
  batch_size: %d
  optimizer: %s
  l2: %r
""" % (bits, args.data, args.data, limit, layers, work["last"], work["cost"], work["batch"],
       work["optimizer"], work["l2"])


def peer_nnrun(args, work, bits):
    found = common.nnrun_bench(args, spec_of(args, work, bits), "--threads", str(args.thread),
                               "--seconds", str(args.seconds / 2))
    if args.infer:
        print(json.dumps({"what": "one", "rows": 1, "seconds": found["one_sample_s"]}))
        print(json.dumps({"what": "all", "rows": found["evaluation_per_s"], "seconds": 1}))
        return
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    for rate in (found["least"], found["samples_per_s"], found["most"]):
        print(json.dumps({"rows": rate, "seconds": 1, "rss_mb": round(peak, 1)}))


def missing(peer, args):
    """Why a peer can't run here, or None."""
    if peer.startswith("nnrun"):
        return None if os.path.exists(args.nnrun) else args.nnrun + " is not built"
    if peer == "fann":
        return None if fann() is not None else "libfann is not installed"
    return common.lacks_module(peer)


PEERS = {
    "nnrun": lambda args, work: peer_nnrun(args, work, 32),
    "nnrun-f64": lambda args, work: peer_nnrun(args, work, 64),
    "numpy": peer_numpy,
    "torch": peer_torch,
    "sklearn": peer_sklearn,
    "fann": peer_fann,
}


def present(args):
    """Those of args.peers that can run here; the others are named."""
    return common.present(args, PEERS, missing)


def every_round(args, peers, *words):
    """(work, threads, peer, its JSON lines) of everyone in turn, then again, args.rounds times."""
    for turn in range(args.rounds):
        for work in args.works.split(","):
            for threads in (int(t) for t in args.threads.split(",")):
                for peer in peers:
                    if threads == 1 or peer not in ONE_THREAD:
                        yield work, threads, peer, common.one_round(args, peer, work, threads, *words)
        common.say("round %d of %d is done" % (turn + 1, args.rounds))
