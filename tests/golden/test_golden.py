#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains small networks with nnrun and with reference.py, and compares every weight after 20
full-batch steps, and every epoch's cost, to 1e-10.

usage: test_golden.py [NAME ...]      cases whose name contains one of the words; all without

The binary is NNRUN_TEST_BINARY, its plugins NNRUN_TEST_PLUGINS.  Skipped (exit 77) without NumPy or
h5py.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import h5py
    import numpy as np
except ImportError as error:
    print(f"golden: skipped, {error}")
    sys.exit(77)

import reference

TOLERANCE = 1e-10
SAMPLES, FEATURES, HIDDEN, OUTPUTS, EPOCHS = 24, 5, 6, 3, 20


def case(hidden="tanh", output="softmax", cost=("categorical_cross_entropy", {}),
         optimizer=("sgd", {"rate": 0.5}), targets="labels", hidden_parameters=None, **training):
    return {"hidden": hidden, "output": output, "cost": cost, "optimizer": optimizer,
            "targets": targets, "hidden_parameters": hidden_parameters or {}, "training": training}


def cases():
    """name: case"""
    found = {}
    for name in reference.ELEMENTWISE:
        if name == "gelu_tanh":
            found["activation gelu tanh"] = case("gelu", hidden_parameters={"approximate": "tanh"})
        else:
            found[f"activation {name}"] = case(name)
    found["activation softmax hidden"] = case("softmax")
    found["activation log_softmax hidden"] = case("log_softmax")
    real = {"output": "identity", "targets": "targets", "optimizer": ("sgd", {"rate": 0.05})}
    found["cost quadratic, regression"] = case(cost=("quadratic", {}), **real)
    found["cost absolute_error"] = case(cost=("absolute_error", {}), **real)
    found["cost huber"] = case(cost=("huber", {"delta": 0.4}), **real)
    found["cost quadratic, one-hot"] = case(output="sigmoid", cost=("quadratic", {}))
    found["cost quadratic, softmax"] = case(cost=("quadratic", {}))
    found["cost binary_cross_entropy"] = case(output="sigmoid", cost=("binary_cross_entropy", {}))
    found["cost binary_cross_entropy, not linked"] = case(cost=("binary_cross_entropy", {}))
    found["cost categorical_cross_entropy, smoothed"] = case(
        cost=("categorical_cross_entropy", {"label_smoothing": 0.1}))
    found["cost categorical_cross_entropy, not linked"] = case(output="sigmoid")
    found["cost negative_log_likelihood"] = case(output="log_softmax",
                                                 cost=("negative_log_likelihood", {}))
    found["cost hinge"] = case(output="identity", cost=("hinge", {}),
                               optimizer=("sgd", {"rate": 0.05}))
    found["cost hinge, squared"] = case(output="identity", cost=("hinge", {"power": 2}),
                                        optimizer=("sgd", {"rate": 0.05}))
    for kind, parameters in [
            ("sgd", {}), ("sgd", {"rate": 0.1, "momentum": 0.9}),
            ("sgd", {"rate": 0.1, "momentum": 0.9, "nesterov": True}),
            ("adam", {}), ("adam", {"rate": 0.05, "amsgrad": True}), ("adam", {"beta1": 0.5}),
            ("adamw", {}), ("adamw", {"rate": 0.05, "decay": 0.3, "amsgrad": True}),
            ("nadam", {}), ("nadam", {"rate": 0.05, "momentum_decay": 0.1}),
            ("rmsprop", {}), ("rmsprop", {"centered": True}), ("rmsprop", {"momentum": 0.8}),
            ("rmsprop", {"centered": True, "momentum": 0.8, "alpha": 0.9}),
            ("adagrad", {}), ("adagrad", {"rate": 0.1, "rate_decay": 0.1, "initial": 0.01}),
            ("rprop", {}), ("rprop", {"most": 0.02, "grow": 1.5})]:
        words = " ".join(f"{key}={value}" for key, value in parameters.items())
        found[f"optimizer {kind} {words}".strip()] = case(optimizer=(kind, parameters))
    for kind, parameters in [
            ("step", {"every": 3, "gamma": 0.5}), ("step", {"at": [2, 7], "gamma": 0.3}),
            ("exponential", {"gamma": 0.8}), ("linear", {}),
            ("linear", {"start": 0.1, "end": 1.5, "epochs": 8}), ("cosine", {}),
            ("cosine", {"period": 3, "growth": 2, "end": 0.1}), ("one_cycle", {}),
            ("plateau", {"factor": 0.5, "patience": 1, "threshold": 0.05, "cooldown": 1}),
            ("constant", {"warmup": 4}), ("cosine", {"warmup": 5}),
            ("step", {"every": 4, "warmup": 2})]:
        words = " ".join(f"{key}={value}" for key, value in parameters.items())
        found[f"schedule {kind} {words}".strip()] = case(schedule=(kind, parameters))
    found["penalty l1"] = case(l1=0.01)
    found["penalty l2"] = case(l2=0.1)
    found["penalty l1 and l2 under momentum"] = case(
        l1=0.003, l2=0.05, optimizer=("sgd", {"rate": 0.1, "momentum": 0.9}))
    found["penalty l2 under adam"] = case(l2=0.1, optimizer=("adam", {"rate": 0.05}))
    found["penalty max_norm"] = case(max_norm=0.9)
    found["penalty gradient_clip"] = case(gradient_clip=0.05)
    found["penalty all at once"] = case(l1=0.001, l2=0.01, max_norm=0.9, gradient_clip=0.1)
    return found


def data(folder):
    random = np.random.default_rng(5)
    x = random.normal(size=(SAMPLES, FEATURES))
    labels = np.arange(SAMPLES) % OUTPUTS
    x += np.eye(OUTPUTS, FEATURES)[labels]
    targets = np.sin(x @ random.normal(size=(FEATURES, OUTPUTS)))
    with h5py.File(folder / "data.h5", "w") as file:
        file["images"] = x
        file["labels"] = labels
        file["targets"] = targets
    return x, {"labels": np.eye(OUTPUTS)[labels], "targets": targets}


def component(name, parameters):
    """A component as a spec has it; YAML takes JSON's lists and words."""
    words = "".join(f", {key}: {str(value).lower()}" for key, value in parameters.items())
    return f"{{use: {name}{words}}}"


def spec(c):
    training = {key: value for key, value in c["training"].items() if key != "schedule"}
    lines = [
        "nnrun: 1", "name: golden", "seed: 3", "precision: float64", "threads: 1", "data:",
        f"  train: {{use: hdf5, path: data.h5, {c['targets']}: {c['targets']}}}",
        "  normalize: none", "  cache: none", "network:", "  initializer: scaled_normal",
        "  bias_initializer: {use: normal, sd: 0.3}", "  layers:",
        f"    - {{units: {HIDDEN}, activation: {component(c['hidden'], c['hidden_parameters'])}}}",
        f"    - {{units: {OUTPUTS}, activation: {c['output']}}}",
        f"  cost: {component(*c['cost'])}", "training:", f"  epochs: {EPOCHS}",
        f"  batch_size: {SAMPLES}", f"  optimizer: {component(*c['optimizer'])}",
        f"  schedule: {component(*c['training'].get('schedule', ('constant', {})))}",
    ]
    lines += [f"  {key}: {value}" for key, value in training.items()]
    return "\n".join(lines) + "\n"


def weights_of(path):
    with h5py.File(path) as file:
        layers = file["model/layers"]
        return ([layers[f"{k:02}/weight"][:] for k in range(2)],
                [layers[f"{k:02}/bias"][:] for k in range(2)])


def run(binary, folder, c):
    """Initial weights, final weights, cost of each epoch, as nnrun has them."""
    (folder / "golden.yaml").write_text(spec(c))
    command = [binary, "run", str(folder / "golden.yaml"), "--out", str(folder / "results"),
               "--quiet"]
    if os.environ.get("NNRUN_TEST_PLUGINS"):
        command += ["--plugin-path", os.environ["NNRUN_TEST_PLUGINS"]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"nnrun ended with {done.returncode}: {done.stderr.strip()}\n{spec(c)}")
    newest = max((folder / "results").glob("**/run.h5"), key=lambda path: path.stat().st_mtime_ns)
    checkpoints = newest.parent / "checkpoints"
    with h5py.File(newest) as file:
        costs = file["metrics/train_cost"][:]
    return (weights_of(checkpoints / "epoch-000000.h5"),
            weights_of(checkpoints / f"epoch-{EPOCHS:06}.h5"), costs)


def difference(got, want):
    return max(float(np.max(np.abs(g - w) / np.maximum(1, np.abs(w)))) for g, w in zip(got, want))


def main():
    if "--help" in sys.argv or "-h" in sys.argv:
        print(__doc__.strip())
        return 0
    binary = os.environ.get("NNRUN_TEST_BINARY", "build/release/nnrun")
    if not Path(binary).exists():
        print(f"golden: there is no {binary}: build nnrun first")
        return 1
    chosen = {name: c for name, c in cases().items()
              if len(sys.argv) == 1 or any(word in name for word in sys.argv[1:])}
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        x, y = data(folder)
        for name, c in chosen.items():
            training = dict(c["training"])
            hidden = "gelu_tanh" if c["hidden_parameters"] else c["hidden"]
            try:
                first, last, costs = run(binary, folder, c)
            except (RuntimeError, OSError, ValueError, KeyError) as error:
                print(f"FAILED {name}: {error}")
                failed += 1
                continue
            weights, biases, expected = reference.train(
                x, y[c["targets"]], *first, [hidden, c["output"]], c["cost"], c["optimizer"],
                schedule_of=training.pop("schedule", ("constant", {})), epochs=EPOCHS, **training)
            worst = max(difference(last[0] + last[1], weights + biases),
                        difference([costs], [np.array(expected)]))
            moved = difference(weights + biases, first[0] + first[1])
            good = worst <= TOLERANCE and moved > 1e-4
            failed += not good
            print(f"{'ok    ' if good else 'FAILED'} {name}: differs by {worst:.1e}, "
                  f"moved {moved:.1e}")
    print(f"golden: {len(chosen)} cases, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
