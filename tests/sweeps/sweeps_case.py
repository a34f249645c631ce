# SPDX-License-Identifier: MIT
"""What the tests of sweeps share: a base that trains in a blink, and calling scripts/sweep."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ["NNRUN_TEST_SOURCE"])
BINARY = os.environ["NNRUN_TEST_BINARY"]
SCRIPT = SOURCE / "scripts/sweep"
sys.path.insert(0, str(SOURCE / "scripts"))
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")

BASE = """nnrun: 1
name: blink
seed: 1
precision: float64
data:
  train: {use: synthetic, task: blobs, samples: 120, classes: 3, features: 4, noise: 0.4}
  test: {use: synthetic, task: blobs, samples: 60, classes: 3, features: 4, noise: 0.4, offset: 5000}
  validation: {count: 40}
  normalize: standardize
network:
  initializer: scaled_normal
  layers:
    - {units: 5, activation: tanh}
    - {units: classes, activation: softmax}
  cost: categorical_cross_entropy
training:
  epochs: 4
  batch_size: 10
  optimizer: {use: sgd, rate: 0.1}
expect:
  - {metric: validation.accuracy, min: 0.999999, source: "no trial is held to this"}
"""

SWEEP = """nnrun-sweep: 1
base: base.yaml
axes:
  training.optimizer.rate: [0.01, 0.3]
  network.layers.0.units: [3, 6]
repeats: {seed: [1, 2, 3]}
"""


class Case(unittest.TestCase):
    """A test with a folder of its own that holds base.yaml."""

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "base.yaml").write_text(BASE)

    @classmethod
    def make_once(cls, text):
        """A sweep that all tests of a class look at; gives the case whose folder holds it in out/."""
        made = Case()
        made.setUp()
        cls.addClassCleanup(made.doCleanups)
        made.write(text)
        made.sweep("run", "s.yaml", "--quiet", "--out", "out")
        return made

    def environment(self):
        return {key: value for key, value in os.environ.items() if not key.startswith("NNRUN_")} \
            | {"PYTHONDONTWRITEBYTECODE": "1"}

    def words(self, words):
        calls = words[0] in ("run", "resume", "retry", "ask") and "--nnrun" not in words
        needs = ["--nnrun", BINARY] if calls else []
        return [sys.executable, str(SCRIPT), *map(str, words), *needs]

    def sweep(self, *words, code=0, stdin=None, timeout=300):
        done = subprocess.run(self.words(words), cwd=self.folder, env=self.environment(), capture_output=True, text=True,
                              timeout=timeout, input=stdin, stdin=subprocess.DEVNULL if stdin is None else None)
        told = f"\n--- exit {done.returncode}, stdout:\n{done.stdout}\n--- stderr:\n{done.stderr}"
        self.assertEqual(done.returncode, code, told)
        self.assertNotIn("Traceback", done.stderr, told)
        return done

    def start(self, *words):
        process = subprocess.Popen(self.words(words), cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def write(self, text=SWEEP, name="s.yaml"):
        path = self.folder / name
        path.write_text(text)
        return path

    def table(self, name="out"):
        return json.loads(self.sweep("table", name, "--json").stdout)

    def plan(self, name="out"):
        return [json.loads(line) for line in (self.folder / name / "plan.jsonl").read_text().splitlines()]

    def outcome(self, hash_, name="out"):
        return json.loads((self.folder / name / "trials" / hash_ / "outcome.json").read_text())

    def state(self, name="out"):
        return json.loads(self.sweep("status", name, "--json").stdout)


def main():
    unittest.main(argv=sys.argv)
