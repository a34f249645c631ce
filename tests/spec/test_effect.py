# SPDX-License-Identifier: MIT
"""What a spec says of a run is what the run does: expect, early_stopping, checkpoint, threads, precision."""
import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import h5py

BINARY = os.environ["NNRUN_TEST_BINARY"]
SPEC = """\
nnrun: 1
name: blobs
data:
  train: {use: synthetic, task: blobs, classes: 3, samples: 300}
  validation: {count: 100}
network:
  layers: [{units: 8, activation: sigmoid}, {units: classes, activation: sigmoid}]
  cost: binary_cross_entropy
training: {epochs: 7, batch_size: 10, optimizer: {use: sgd, rate: 0.5}}
"""


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "spec.yaml").write_text(SPEC)

    def run_spec(self, *words, code=0):
        done = subprocess.run([BINARY, "run", "spec.yaml", *words], cwd=self.folder, capture_output=True, text=True,
                              timeout=100)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout

    def run_folder(self):
        return next((self.folder / "results/blobs").iterdir())

    def events(self):
        return [json.loads(line) for line in (self.run_folder() / "events.jsonl").read_text().splitlines()]


class Expect(Case):
    def test_each_is_printed_with_its_figure_and_source(self):
        told = self.run_spec("expect=[{metric: validation.accuracy, min: 0.999999, max: 0.9999999, source: a dream},"
                             "{metric: train.cost, at: last, max: 100, source: guessing}]", code=7)
        lines = [line for line in told.splitlines() if line.startswith("expect")]
        self.assertEqual(len(lines), 2, told)
        best = max(event["validation_accuracy"] for event in self.events())
        cost = self.events()[-1]["train_cost"]
        self.assertRegex(lines[0], r"FAILED +validation\.accuracy \(best\) %.2f %%, .*\[a dream\]" % (100 * best))
        self.assertRegex(lines[1], r"train\.cost \(last\) %.4f.*\[guessing\]" % cost)
        self.assertNotIn("FAILED", lines[1])

    def test_all_that_hold_end_in_0(self):
        self.run_spec("expect=[{metric: validation.accuracy, min: 0.1}, {metric: train.cost, max: 100}]")


class Training(Case):
    def test_early_stopping_ends_after_its_patience(self):
        # An accuracy never rises above what rate 1e-300 leaves it at: the first epoch is the best.
        self.run_spec("training.optimizer.rate=1e-300", "precision=float64",
                      "training.early_stopping={metric: validation.accuracy, patience: 3}")
        self.assertEqual(len(self.events()), 4)

    def test_the_precision_is_that_of_the_weights(self):
        for precision in ("float32", "float64"):
            out = self.folder / precision
            self.run_spec(f"precision={precision}", "training.epochs=1", "--out", str(out))
            with h5py.File(next((out / "blobs").iterdir()) / "run.h5") as file:
                self.assertEqual(file["model/layers/00/weight"].dtype, precision)

    def test_threads_are_those_asked_for_or_those_there_are(self):
        told = {}
        for words in ("threads=3",), ("threads=auto",):
            out = self.folder / words[0]
            self.run_spec(*words, "training.epochs=1", "--out", str(out))
            with h5py.File(next((out / "blobs").iterdir()) / "run.h5") as file:
                told[words[0]] = int(file["provenance/threads"][()])
        self.assertEqual(told["threads=3"], 3)
        self.assertIn(told["threads=auto"], range(1, len(os.sched_getaffinity(0)) + 1))


class Checkpoint(Case):
    def test_every_and_keep(self):
        # At a rate of nothing the first epoch stays the best, which is kept, too; 0 are the initial weights.
        for every, keep, left in ((2, 2, [0, 1, 6, 7]), (2, 9, [0, 1, 2, 4, 6, 7]), (3, 9, [0, 1, 3, 6, 7]), (0, 9, [0, 1, 7])):
            with self.subTest(every=every, keep=keep):
                out = self.folder / f"{every}-{keep}"
                self.run_spec("training.optimizer.rate=1e-300", "precision=float64",
                              f"checkpoint={{every: {every}, keep: {keep}}}", "--out", str(out))
                files = (next((out / "blobs").iterdir()) / "checkpoints").iterdir()
                self.assertEqual(sorted(int(re.search(r"\d+", path.name).group()) for path in files), left)

    def test_best_is_by_the_metric_that_is_named(self):
        for metric, key, choose in (("validation.accuracy", "validation_accuracy", max), ("train.cost", "train_cost", min)):
            out = self.folder / metric
            told = self.run_spec(f"checkpoint.best={metric}", "--out", str(out))
            run = next((out / "blobs").iterdir())
            rows = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
            best = choose(rows, key=lambda row: row[key])["epoch"]
            self.assertRegex(told, rf"best +{re.escape(metric)} .* at epoch {best}\b")


if __name__ == "__main__":
    unittest.main()
