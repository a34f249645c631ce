# SPDX-License-Identifier: MIT
"""A small experiment that can be run, killed, resumed and compared bit for bit."""
import gzip
import itertools
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import time
from pathlib import Path

import h5py
import numpy as np

SIDE, CLASSES, TRAIN, TEST = 6, 3, 160, 60
SAMPLE = Path(__file__).resolve().parents[1] / "data" / "mnist-sample"
# What may differ between a run that stopped and one that did not: how long it took, and where.
TIMES = {"metrics/seconds", "metrics/train_seconds", "state/seconds"}
OPTIMIZERS = {
    "sgd": "{use: sgd, rate: 0.5}", "momentum": "{use: sgd, rate: 0.1, momentum: 0.9}",
    "nesterov": "{use: sgd, rate: 0.1, momentum: 0.9, nesterov: true}",
    "rmsprop_all": "{use: rmsprop, rate: 0.01, momentum: 0.5, centered: true}",
    "amsgrad": "{use: adam, rate: 0.01, amsgrad: true}",
}
SCHEDULES = {
    "constant": "constant", "cosine_warmup": "{use: cosine, warmup: 2}",
    "plateau_soon": "{use: plateau, metric: train.cost, patience: 0, threshold: 0.5}",
    "step_soon": "{use: step, every: 2}",
}

# Data in memory at once, and data that are decoded, kept in the cache, and transformed while it trains.
NUMBERS = """  train: {{use: idx, images: {data}/train-images.gz, labels: {data}/train-labels}}
  test: {{use: idx, images: {data}/test-images, labels: {data}/test-labels}}
  cache: none
"""
PICTURES = """  train: {{use: jpeg_folder, path: {data}/train}}
  test: {{use: jpeg_folder, path: {data}/test}}
  transforms: [{{use: affine}}, {{use: elastic}}, {{use: cutout}}]
"""
SPEC = """nnrun: 1
name: torture
seed: {seed}
precision: {precision}
threads: 1
data:
  validation: {{count: 40}}
network:
  initializer: scaled_normal
  layers:
    - {{units: 12, activation: tanh, dropout: 0.1}}
    - {{units: classes, activation: softmax}}
  cost: categorical_cross_entropy
training:
  epochs: {epochs}
  batch_size: 7
  optimizer: {optimizer}
  schedule: {schedule}
  l2: 0.0001
checkpoint: {{every: 1, keep: 3, best: validation.accuracy}}
"""


class Failed(Exception):
    """What the test found; its text goes to the report."""


def check(condition, message):
    if not condition:
        raise Failed(message)


class Done:
    """A process that ended: its code, its two outputs, the seconds it took."""

    def __init__(self, process, out, err, seconds):
        self.code, self.out, self.err, self.seconds = process.returncode, out, err, seconds

    def __str__(self):
        return f"exit {self.code}: {self.err.strip()[-400:]}"

    def epochs(self):
        """Epochs this process announced as complete."""
        found = [json.loads(line).get("epoch") for line in self.out.splitlines() if line.endswith("}")]
        return [epoch for epoch in found if epoch is not None]


class World:
    """One build of nnrun and a folder to run it in."""

    def __init__(self, build, root, seed):
        self.build, self.root = Path(build).resolve(), Path(root).resolve()
        self.binary, self.shim = self.build / "nnrun", self.build / "tests" / "shim.so"
        for need in (self.binary, self.shim):
            if not need.exists():
                raise SystemExit(f"torture: {need} is missing; build it first: scripts/setup")
        self.random, self.numbers, self.references = random.Random(seed), itertools.count(1), {}
        self.make_data()

    def make_data(self):
        """Noisy prototypes of three classes as IDX files, and a few digits as JPEG files."""
        self.data = self.root / "data"
        self.data.mkdir(parents=True)
        draw = np.random.default_rng(7)
        prototypes = draw.integers(0, 200, (CLASSES, SIDE, SIDE))
        for part, count, opener in (("train", TRAIN, gzip.open), ("test", TEST, open)):
            labels = draw.integers(0, CLASSES, count).astype(np.uint8)
            noise = draw.integers(-300, 400, (count, SIDE, SIDE))
            images = np.clip(prototypes[labels] + noise, 0, 255).astype(np.uint8)
            suffix = ".gz" if opener is gzip.open else ""
            with opener(self.data / f"{part}-images{suffix}", "wb") as file:
                file.write(struct.pack(">IIII", 0x803, count, SIDE, SIDE) + images.tobytes())
            with open(self.data / f"{part}-labels", "wb") as file:
                file.write(struct.pack(">II", 0x801, count) + labels.tobytes())
            for digit in map(str, range(10)):
                folder = self.data / part / digit
                folder.mkdir(parents=True)
                for path in sorted((SAMPLE / part / digit).iterdir())[:count // 20]:
                    shutil.copy(path, folder)

    def plugins(self, kind):
        """Names of the plugins of a kind that were built."""
        return sorted(path.stem for path in (self.build / "plugins" / kind).glob("*.so"))

    def optimizers(self):
        return {**{name: name for name in self.plugins("optimizer")}, **OPTIMIZERS}

    def schedules(self):
        return {**{name: name for name in self.plugins("schedule")}, **SCHEDULES}

    def place(self):
        """A new folder of its own for one trial."""
        path = self.root / f"trial-{next(self.numbers):06d}"
        path.mkdir()
        return path

    def spec(self, optimizer="momentum", schedule="constant", epochs=5, seed=3, precision="float32", pictures=False):
        data = (PICTURES if pictures else NUMBERS).format(data=self.data)
        text = SPEC.format(optimizer=self.optimizers()[optimizer], schedule=self.schedules()[schedule],
                           epochs=epochs, seed=seed, precision=precision).replace("data:\n", "data:\n" + data)
        path = self.root / f"{optimizer}-{schedule}-{epochs}-{seed}-{precision}{'-pictures' * pictures}.yaml"
        if not path.exists():  # other trials' processes may be reading it
            aside = path.with_suffix(f".{next(self.numbers)}")
            aside.write_text(text)
            aside.rename(path)
        return path

    def start(self, *arguments, shim=None, environment=None, limit=None):
        """A process of nnrun; shim: {"at": ..., "do": ..., "root": ..., "log": ...}."""
        env = {**os.environ, "NNRUN_CACHE": str(self.root / "cache"), **(environment or {})}
        env.pop("NNRUN_PLUGIN_PATH", None)
        if shim is not None:
            env["LD_PRELOAD"] = str(self.shim)
            env.update({f"NNRUN_SHIM_{key.upper()}": str(value) for key, value in shim.items()})

        def before():
            if limit is not None:
                import resource
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        return subprocess.Popen([str(self.binary), *map(str, arguments)], env=env, cwd=self.root, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=before if limit else None)

    def call(self, *arguments, kill_after=None, timeout=600, **how):
        """Runs to the end, or until it is killed after some seconds."""
        began = time.monotonic()
        process = self.start(*arguments, **how)
        try:
            out, err = process.communicate(timeout=kill_after or timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            out, err = process.communicate()
            check(kill_after is not None, f"hangs: {' '.join(map(str, arguments))}: {err[-300:]}")
        return Done(process, out, err, time.monotonic() - began)

    def train(self, spec, place, *more, **how):
        return self.call("run", spec, "--out", place, "--json", *more, **how)

    def resume(self, folder, *more, **how):
        return self.call("resume", folder, "--json", *more, **how)

    def finish(self, spec, place, *more, announced=(), **how):
        """Goes on with what lies in `place` to the end, or starts anew where nothing had begun."""
        folder = run_in(place)
        if folder is None:
            check(not announced, f"epochs {list(announced)} were announced and there is no run")
            done = self.train(spec, place, *more, **how)
        else:
            done = self.resume(folder, *more, **how)
            last, first = max(announced, default=0), (done.epochs() or [None])[0]
            check(first is None or first > last,
                  f"epoch {last} was announced as complete, resume began again at {first}")
        check(done.code == 0, f"could not be finished: {done}")
        return run_in(place)

    def reference(self, spec, threads=1):
        """The run that never stopped."""
        if spec not in self.references:
            place = self.place()
            done = self.train(spec, place, "--threads", threads)
            check(done.code == 0, f"the unbroken run failed: {done}")
            self.references[spec] = (essence(run_in(place)), done.seconds)
        return self.references[spec][0]

    def seconds(self, spec):
        self.reference(spec)
        return self.references[spec][1]

    def same(self, spec, folder, unread=()):
        """Holds a run against the one that never stopped, but for the checkpoints in `unread`."""
        prefixes = tuple(f"checkpoints/{path.name} " for path in unread)
        wanted = {key: value for key, value in self.reference(spec).items() if not key.startswith(prefixes)}
        difference = compare(wanted, essence(folder, unread))
        check(difference is None, f"{folder}: not as the unbroken run: {difference}")


def run_in(place):
    """The one run folder of a trial that says what it is; None where there is none."""
    found = [path.parent for path in Path(place).glob("*/*/spec.resolved.yaml")]
    check(len(found) <= 1, f"{place}: more than one run")
    return found[0] if found else None


def contents(path, leave=()):
    """Every data set and attribute of an HDF5 file but times and whereabouts."""
    found = {}

    def take(name, item):
        for key, value in item.attrs.items():
            found[f"{name}@{key}"] = value
        if isinstance(item, h5py.Dataset) and name not in TIMES and not name.startswith(tuple(leave)):
            found[name] = (str(item.dtype), item.shape, np.asarray(item[()]).tobytes()
                           if item.dtype.kind != "O" else repr(item[()]))
    with h5py.File(path, "r") as file:
        file.visititems(take)
    return found


def essence(folder, unread=()):
    """All of a run that must be equal in a run that stopped and one that did not; some files are not opened."""
    folder = Path(folder)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    whole = {f"events.jsonl {i}": {k: v for k, v in event.items() if "seconds" not in k}
             for i, event in enumerate(events)}
    whole["files"] = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    whole["STATUS"] = (folder / "STATUS").read_text()
    whole["spec.resolved.yaml"] = (folder / "spec.resolved.yaml").read_text()
    for path in sorted({folder / "run.h5", *(folder / "checkpoints").iterdir()} - set(unread)):
        parts = contents(path, ("provenance", "spec/origin"))
        whole.update({f"{path.relative_to(folder)} {name}": value for name, value in parts.items()})
    return whole


def compare(a, b):
    """None, or where two essences first differ."""
    for key in sorted(set(a) | set(b)):
        if not same_value(a.get(key), b.get(key)):
            return f"{key}: {str(a.get(key))[:120]} against {str(b.get(key))[:120]}"
    return None


def same_value(a, b):
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    return a == b
