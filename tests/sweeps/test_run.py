# SPDX-License-Identifier: MIT
"""Whole sweeps: what is run, what it is called, what it comes to."""
import json
import math
import statistics
import subprocess

import h5py
from sweeps_case import BINARY, SWEEP, Case, main


def objective(run):
    with h5py.File(run / "run.h5", "r") as file:
        return file["metrics/validation_accuracy"][:].tolist(), float(file["test/accuracy"][()])


class Run(Case):
    def test_identities_are_the_hashes_of_nnrun_and_runs_are_those_of_nnrun(self):
        self.write()
        self.sweep("run", "s.yaml", "--quiet", "--out", "out")
        overrides = ["network.layers.0.units=6", "training.optimizer.rate=0.3", "seed=2", "checkpoint.best=validation.accuracy"]
        told = subprocess.run([BINARY, "check", "base.yaml", "--each", "-", "--json", "--quiet"], cwd=self.folder, text=True,
                              input=json.dumps(overrides), capture_output=True, check=True)
        hash_ = json.loads(told.stdout)["hash"]
        line = next(line for line in self.plan() if line["trial"] == hash_)
        self.assertEqual((line["values"], line["repeat"]),
                         ({"training.optimizer.rate": "0.3", "network.layers.0.units": "6"}, {"seed": "2"}))
        subprocess.run([BINARY, "run", "base.yaml", *overrides, "expect=[]", "--out", "by-hand"], cwd=self.folder, check=True,
                       capture_output=True)
        by_hand, = (self.folder / "by-hand/blink").iterdir()
        self.assertEqual(self.outcome(hash_)["values"], objective(by_hand)[0])

    def test_the_table_is_that_of_a_calculation_by_hand(self):
        self.write()
        self.sweep("run", "s.yaml", "--quiet", "--out", "out")
        by_point, tests = {}, {}
        for line in self.plan():
            run, = (path for path in (self.folder / "out/trials" / line["trial"]).iterdir() if "-s" in path.name)
            values, test = objective(run)
            by_point.setdefault(tuple(line["values"].values()), []).append(max(values))
            tests.setdefault(tuple(line["values"].values()), []).append(test)
        told = self.table()
        self.assertEqual(len(told["points"]), 4)
        for row in told["points"]:
            values = by_point[tuple(row["values"].values())]
            mean = sum(values) / 3
            sd = math.sqrt(sum((value - mean) ** 2 for value in values) / 2)
            self.assertAlmostEqual(row["mean"], mean, places=12)
            self.assertAlmostEqual(row["sd"], sd, places=12)
            self.assertEqual((row["n"], row["min"], row["max"]), (3, min(values), max(values)))
        means = [row["mean"] for row in told["points"]]
        self.assertEqual(means, sorted(means, reverse=True))
        winner = tuple(told["winner"]["values"].values())
        self.assertAlmostEqual(told["winner"]["test"]["test.accuracy"]["mean"], statistics.fmean(tests[winner]), places=12)

    def test_the_other_forms_say_the_same(self):
        self.write()
        self.sweep("run", "s.yaml", "--quiet", "--out", "out")
        best = self.table()["points"][0]
        rows = self.sweep("table", "out", "--csv").stdout.splitlines()
        self.assertEqual(rows[0].split(",")[:3], ["training.optimizer.rate", "network.layers.0.units", "mean"])
        self.assertEqual(float(rows[1].split(",")[2]), best["mean"])
        mean = f"{best['mean']:.5f}"
        for form, mark in (("--md", "| ---: |"), ("--latex", "\\begin{tabular}{llrrrrr}")):
            text = self.sweep("table", "out", form).stdout
            self.assertIn(mark, text)
            self.assertIn(mean, text)
        self.assertEqual(self.sweep("table", "out").stdout.splitlines()[3].split()[2], mean)
        self.assertEqual(self.sweep("table", "out").stdout.count("test.accuracy"), 1)

    def test_finished_trials_are_not_run_again(self):
        self.write()
        self.sweep("run", "s.yaml", "--quiet", "--out", "out")
        before = {path: path.stat().st_mtime_ns for path in (self.folder / "out").rglob("run.h5")}
        self.sweep("resume", "out")
        self.write(SWEEP.replace("[3, 6]", "[6, 9]"))
        self.sweep("run", "s.yaml", "--quiet", "--out", "out")
        after = {path: path.stat().st_mtime_ns for path in (self.folder / "out").rglob("run.h5")}
        self.assertEqual({path: after[path] for path in before}, before)
        self.assertEqual(len(after), 18)  # 6 of the 12 planned now are new
        self.assertEqual(self.state()["done"], 12)

    def test_resume_refuses_a_base_that_has_changed(self):
        self.write()
        self.sweep("run", "s.yaml", "--quiet", "--out", "out")
        base = self.folder / "base.yaml"
        base.write_text(base.read_text().replace("batch_size: 10", "batch_size: 20"))
        self.assertIn("12 of 12 trials are not those planned", self.sweep("resume", "out", code=2).stderr)


class Failing(Case):
    BAD = SWEEP.replace("[0.01, 0.3]", "[1e300, 0.3]")

    def test_a_failing_trial_keeps_its_log_and_stops_no_other(self):
        self.write(self.BAD)
        self.sweep("run", "s.yaml", "--quiet", "--out", "out", code=1)
        state = self.state()
        self.assertEqual((state["done"], state["failed"]), (6, 6))
        bad = [line["trial"] for line in self.plan() if line["values"]["training.optimizer.rate"] == "1e300"]
        for hash_ in bad:
            outcome = self.outcome(hash_)
            self.assertEqual((outcome["state"], outcome["exit"]), ("diverged", 5))
            self.assertIn("not finite", (self.folder / "out/trials" / hash_ / "log").read_text())
        told = self.sweep("status", "out").stdout
        self.assertIn("not finite", told)
        self.assertIn("1e300", told)
        rows = self.table()["points"]
        self.assertEqual([row["failed"] for row in rows], [0, 0, 3, 3])

    def test_a_failure_stops_all_where_that_is_asked(self):
        self.write(self.BAD + "run: {on_failure: stop, jobs: 1}\n")
        self.sweep("run", "s.yaml", "--quiet", "--out", "out", code=1)
        state = self.state()
        self.assertEqual((state["done"], state["failed"]), (0, 1))

    def test_a_divergence_is_not_tried_again_a_killed_nnrun_is(self):
        fake = self.folder / "nnrun"
        fake.write_text(f"""#!/bin/sh
case $1 in
    run|resume) case "$*" in *--dry-run*) exec {BINARY} "$@" ;; esac
        echo x >> {self.folder}/starts; [ "$(wc -l < {self.folder}/starts)" -gt 2 ] || kill -9 $$ ;;
esac
exec {BINARY} "$@"
""")
        fake.chmod(0o755)
        self.write(SWEEP.replace("[0.01, 0.3]", "[0.3]").replace("[3, 6]", "[3]").replace("[1, 2, 3]", "[1]") + "run: {retries: 2}\n")
        self.sweep("run", "s.yaml", "--quiet", "--out", "out", "--nnrun", fake)
        self.assertEqual(self.state()["done"], 1)
        hash_, = (line["trial"] for line in self.plan())
        attempts = (self.folder / "out/trials" / hash_ / "attempts.jsonl").read_text().splitlines()
        self.assertEqual([json.loads(line)["exit"] for line in attempts], [-9, -9, 0])

    def test_an_aborted_nnrun_is_interrupted_not_failed(self):
        fake = self.folder / "nnrun"
        fake.write_text(f"""#!/bin/sh
case $1 in
    run) case "$*" in *--dry-run*) exec {BINARY} "$@" ;; esac
        [ -e {self.folder}/started ] || {{ touch {self.folder}/started; exit 130; }} ;;
esac
exec {BINARY} "$@"
""")
        fake.chmod(0o755)
        self.write(SWEEP.replace("[0.01, 0.3]", "[0.3]").replace("[3, 6]", "[3]").replace("[1, 2, 3]", "[1]"))
        self.sweep("run", "s.yaml", "--quiet", "--out", "out", "--nnrun", fake)
        self.assertEqual((self.state()["done"], self.state()["failed"]), (1, 0))

    def test_a_trial_that_takes_too_long_is_stopped_and_retry_goes_on_with_it(self):
        self.write(SWEEP.replace("[0.01, 0.3]", "[0.3]").replace("[3, 6]", "[3]").replace("[1, 2, 3]", "[1]")
                   .replace("axes:", "axes:\n  training.epochs: [100000]") + "run: {timeout: 2s}\n")
        self.sweep("run", "s.yaml", "--quiet", "--out", "out", code=1)
        hash_, = (line["trial"] for line in self.plan())
        self.assertEqual(self.outcome(hash_)["state"], "timeout")
        log = self.folder / "out/trials" / hash_ / "log"
        self.sweep("retry", "out", code=1)
        self.assertIn("resuming after epoch", log.read_text())


if __name__ == "__main__":
    main()
