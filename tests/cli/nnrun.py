# SPDX-License-Identifier: MIT
"""What the tests of the program share: calling it, and specs over the digits that come with the source."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy

SOURCE = Path(os.environ["NNRUN_TEST_SOURCE"])
BINARY = os.environ["NNRUN_TEST_BINARY"]
PLUGINS = Path(os.environ["NNRUN_TEST_PLUGINS"])
SAMPLE = SOURCE / "tests/data/mnist-sample"

# What INTERFACE says of exit codes.
DONE, FAILED, USAGE, DATA, PLUGIN, DIVERGED, DAMAGED, EXPECTATION, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 7, 75

SPEC = f"""nnrun: 1
name: small
seed: 1
precision: float32
data:
  train: {{use: jpeg_folder, path: {SAMPLE}/train}}
  test: {{use: jpeg_folder, path: {SAMPLE}/test}}
  validation: {{count: 100}}
  normalize: unit
network:
  initializer: scaled_normal
  layers:
    - {{units: 12, activation: sigmoid}}
    - {{units: classes, activation: sigmoid}}
  cost: binary_cross_entropy
training:
  epochs: 3
  batch_size: 10
  optimizer: {{use: sgd, rate: 0.5}}
  l2: 0.0001
"""


def instruction_sets():
    """Those of nnrun's variants that this machine can run."""
    try:
        flags = set(re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE).group(1).split())
    except (OSError, AttributeError):
        return []
    sets = ["v2"]
    if {"avx2", "fma", "bmi2", "f16c", "movbe"} <= flags:
        sets.append("v3")
        if {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"} <= flags:
            sets.append("v4")
    return sets


class Case(unittest.TestCase):
    """A test with a working folder of its own."""

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def environment(self, changes):
        kept = {key: value for key, value in os.environ.items()
                if not key.startswith("NNRUN_") and key not in ("NO_COLOR", "COLUMNS")}
        return {**kept, **changes}

    def nnrun(self, *words, stdin=None, wrapper=(), timeout=240, **environment):
        """Runs the program in the working folder; bytes that are no UTF-8 fail."""
        return subprocess.run([*wrapper, BINARY, *map(str, words)], cwd=self.folder, env=self.environment(environment),
                              stdin=subprocess.DEVNULL if stdin is None else None, input=stdin,
                              capture_output=True, text=True, timeout=timeout)

    def start(self, *words, **environment):
        process = subprocess.Popen([BINARY, *map(str, words)], cwd=self.folder, env=self.environment(environment),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def spec(self, old="", new="", name="small.yaml"):
        """The spec above in a file, with one piece of its text changed."""
        self.assertIn(old, SPEC)
        return self.write(name, SPEC.replace(old, new, 1) if old else SPEC)

    def assert_exit(self, done, code, *words):
        """The program ended with `code`, and stderr holds each of the words."""
        told = f"\n--- exit {done.returncode}, stdout:\n{done.stdout}\n--- stderr:\n{done.stderr}"
        self.assertEqual(done.returncode, code, told)
        for word in words:
            self.assertIn(word, done.stderr, told)
        return done

    def run_spec(self, spec, *words, code=DONE, **environment):
        return self.assert_exit(self.nnrun("run", spec, *words, **environment), code)

    def run_folder(self, name="small", results="results"):
        """The newest run of an experiment."""
        runs = sorted((self.folder / results / name).iterdir())
        self.assertTrue(runs)
        return runs[-1]


def events(run):
    return [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]


def model(run):
    """All arrays of /model, and all of /metrics but times."""
    arrays = {}
    with h5py.File(run / "run.h5", "r") as file:
        for top in ("model", "metrics"):
            file[top].visititems(lambda name, item, top=top: arrays.__setitem__(f"{top}/{name}", item[()])
                                 if isinstance(item, h5py.Dataset) and "seconds" not in name else None)
    return arrays


def differing(one, other):
    """Names of arrays that are not equal bit for bit."""
    return [name for name in sorted(one.keys() | other.keys())
            if name not in one or name not in other
            or numpy.asarray(one[name]).tobytes() != numpy.asarray(other[name]).tobytes()]


def main():
    unittest.main(argv=sys.argv)
