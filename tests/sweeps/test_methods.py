# SPDX-License-Identifier: MIT
"""The methods that choose as they go: asha, hyperband and tpe, and points that another program asks for."""
import importlib.util
import json
import shlex
import shutil
import signal
import subprocess
import sys
import unittest

from sweeps_case import BINARY, SWEEP, Case, main
from sweeps import brackets, spec

STAGED = SWEEP.replace("axes:", "method: {use: asha, eta: 2, min_epochs: 1, max_epochs: 8}\naxes:").replace(
    "[0.01, 0.3]", "[0.001, 0.01, 0.1, 0.3]")


class Staged(Case):
    def assert_as_if_unbroken(self, whole="whole"):
        """Each trial's epochs are the first of those that the same trial has in a grid, bit for bit; those that got to
        the end have its test, too."""
        got_to_the_end = 0
        for line in self.plan():
            mine = self.outcome(line["trial"])
            other = next(self.outcome(one["trial"], whole) for one in self.plan(whole)
                         if all(one["values"].get(key) == text for key, text in line["values"].items())
                         and one["repeat"] == line["repeat"])
            self.assertEqual(mine["values"], other["values"][:mine["epochs"]])
            if mine["state"] == "done":
                got_to_the_end += 1
                self.assertEqual(mine["test"], other["test"])
        return got_to_the_end

    @classmethod
    def setUpClass(cls):
        """All trials whole, to be held against."""
        super().setUpClass()
        cls.made = cls.make_once(STAGED.replace("method: {use: asha, eta: 2, min_epochs: 1, max_epochs: 8}\n", "").replace(
            "axes:", "axes:\n  training.epochs: [8]"))

    def setUp(self):
        super().setUp()
        shutil.copytree(self.made.folder / "out", self.folder / "whole")

    def test_asha_stops_the_poor_early_and_changes_no_bit_of_the_good(self):
        self.write(STAGED)
        self.sweep("run", "s.yaml", "--quiet", "--out", "out")
        self.assertGreaterEqual(self.assert_as_if_unbroken(), 3)
        state = self.state()
        self.assertEqual((state["failed"], state["done"] + state["paused"]), (0, 24))
        self.assertLess(state["epochs"], 0.75 * self.state("whole")["epochs"])

    def test_of_each_rung_at_most_one_in_eta_goes_on_and_at_least_the_best_at_the_end(self):
        self.write(STAGED + "run: {jobs: 1}\n")
        self.sweep("run", "s.yaml", "--quiet", "--out", "out")
        reached = [self.outcome(line["trial"])["epochs"] for line in self.plan() if line["repeat"] == {"seed": "1"}]
        counts = [sum(epochs >= rung for epochs in reached) for rung in brackets.rungs(1, 8, 2)]
        self.assertEqual(counts[0], 8)
        for above, below in zip(counts[1:], counts):
            self.assertGreaterEqual(above, max(1, below // 2))
            self.assertLess(above, below)  # asynchronous: a few more than one in two may have gone on
        ranked = self.table()["points"]
        self.assertTrue(ranked[0]["whole"])
        self.assertEqual(ranked[0]["epochs"], 8)

    def test_asha_killed_at_random_ends_like_an_unbroken_trial_too(self):
        self.write(STAGED)
        for wait in (0.6, 0.9, 1.2):
            process = self.start("run", "s.yaml", "--quiet", "--out", "out")
            try:
                process.wait(wait)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
        self.sweep("run", "s.yaml", "--quiet", "--out", "out")
        self.assertGreaterEqual(self.assert_as_if_unbroken(), 3)

    def test_hyperband_runs_its_brackets(self):
        self.write(SWEEP.replace("axes:", "method: {use: hyperband, eta: 2, min_epochs: 1, max_epochs: 4, seed: 3}\naxes:").replace(
            "[0.01, 0.3]", "{log: [1e-3, 1]}").replace("[1, 2, 3]", "[1]"))
        self.sweep("run", "s.yaml", "--quiet", "--out", "out")
        method = spec.Method("hyperband", eta=2, min_epochs=1, max_epochs=4)
        self.assertEqual(len(self.plan()), brackets.points_needed(method))
        last = brackets.hyperband(method)[-1]
        for line in self.plan()[last.first:]:
            self.assertEqual(self.outcome(line["trial"])["state"], "done")  # the last bracket runs all points whole


@unittest.skipUnless(importlib.util.find_spec("optuna"), "python3-optuna is not installed")
class Tpe(Case):
    TPE = """nnrun-sweep: 1
base: base.yaml
method: {use: tpe, trials: 16, seed: 5}
axes:
  training.optimizer.rate: {log: [1e-5, 1]}
  network.layers.0.units: {linear: [2, 12], whole: true}
  network.layers.0.activation: [tanh, relu]
"""

    def test_it_looks_where_it_is_good_and_goes_on_after_a_kill_alike(self):
        self.write(self.TPE + "run: {jobs: 1}\n")
        process = self.start("run", "s.yaml", "--quiet", "--out", "broken")
        try:
            process.wait(4)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.sweep("run", "s.yaml", "--quiet", "--out", "broken")
        self.sweep("run", "s.yaml", "--quiet", "--out", "out")
        points = sorted(self.tell("out"), key=lambda one: one["point"])
        self.assertEqual(len(points), 16)
        self.assertEqual(points, sorted(self.tell("broken"), key=lambda one: one["point"]))
        rates = [float(one["values"]["training.optimizer.rate"]) for one in points]
        self.assertTrue(all(1e-5 <= rate <= 1 for rate in rates))
        drawn, chosen = (sum(one["value"] for one in part) / len(part) for part in (points[:10], points[10:]))
        self.assertGreater(chosen, drawn)  # after its ten random points it knows better

    def tell(self, name):
        return [json.loads(line) for line in self.sweep("tell", name).stdout.splitlines()]


class Asked(Case):
    ASK = """nnrun-sweep: 1
base: base.yaml
method: ask
axes:
  training.optimizer.rate: {log: [1e-3, 1]}
  network.layers.0.units: {linear: [2, 40], whole: true}
  training.optimizer.nesterov: [false]
  network.layers.0.activation: [tanh, relu, {use: leaky_relu, slope: 0.1}]
repeats: {seed: [1, 2]}
"""

    def ask(self, *points, code=0):
        done = self.sweep("ask", "s.yaml", "--out", "results/sweeps/s", code=code, stdin="\n".join(map(json.dumps, points)))
        return [json.loads(line) for line in done.stdout.splitlines()] if code == 0 else done.stderr

    def tell(self, *numbers):
        return [json.loads(line) for line in self.sweep("tell", "s", *numbers).stdout.splitlines()]

    def test_a_program_asks_runs_and_is_told(self):
        self.write(self.ASK)
        a, b = self.ask({"training.optimizer.rate": 0.1, "network.layers.0.units": 8, "network.layers.0.activation": "tanh"},
                        {"training.optimizer.rate": 1e-2, "network.layers.0.units": 3,
                         "network.layers.0.activation": {"use": "leaky_relu", "slope": 0.1}})
        self.assertEqual((a["point"], b["point"], len(a["trials"])), (0, 1, 2))
        self.assertEqual(b["values"]["network.layers.0.activation"], "{use: leaky_relu, slope: 0.1}")
        self.assertEqual([one["state"] for one in self.tell()], ["open", "open"])
        self.sweep("resume", "s", "--quiet")
        told = self.tell(1)[0]
        bests = [self.outcome(hash_, "results/sweeps/s")["best"] for hash_ in b["trials"]]
        self.assertEqual((told["state"], told["value"], told["repeats"]), ("done", sum(bests) / 2, bests))
        again, = self.ask({"training.optimizer.rate": 0.1, "network.layers.0.units": 8, "network.layers.0.activation": "tanh"})
        self.assertEqual(again["point"], 0)  # what is known already is not run again

    def test_an_outside_program_drives_it_to_a_better_point(self):
        self.write(self.ASK)
        command = shlex.join(self.words(["ask", "s.yaml"])[:2])
        driver = self.write(f"""
import json, subprocess
def sweep(*words, stdin=None):
    return subprocess.run({command!r}.split() + list(words), input=stdin, text=True, check=True, capture_output=True).stdout
def value(rate):
    point = {{"training.optimizer.rate": rate, "network.layers.0.units": 5, "network.layers.0.activation": "tanh"}}
    asked = json.loads(sweep("ask", "s.yaml", "--nnrun", {BINARY!r}, stdin=json.dumps(point)))
    sweep("resume", "s", "--quiet")
    return json.loads(sweep("tell", "s", str(asked["point"])))["value"]
rate, found = 1e-3, [value(1e-3)]
while rate < 0.5:  # as long as more is better
    rate *= 5
    found.append(value(rate))
    if found[-1] < found[-2]:
        break
print(json.dumps(found))
""", "driver.py")
        done = subprocess.run([sys.executable, str(driver)], cwd=self.folder, env=self.environment(), capture_output=True,
                              text=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = json.loads(done.stdout)
        self.assertGreater(max(found), found[0])

    def test_what_is_no_point_of_the_sweep_is_refused(self):
        self.write(self.ASK)
        good = {"training.optimizer.rate": 0.1, "network.layers.0.units": 8, "network.layers.0.activation": "tanh"}
        for change, *words in [({"training.optimizer.rate": 2}, "training.optimizer.rate: 2", "from 1e-3 to 1"),
                               ({"network.layers.0.units": 2.5}, "a whole number from 2 to 40"),
                               ({"network.layers.0.activation": "tan"}, "not among its values", 'did you mean "tanh"?'),
                               ({"training.l2": 1}, '"training.l2" is no axis')]:
            told = self.ask({**good, **change}, code=2)
            for word in words:
                self.assertIn(word, told)
        self.assertIn("says nothing of network.layers.0.units", self.ask({"training.optimizer.rate": 0.1}, code=2))
        self.assertIn("not JSON", self.sweep("ask", "s", "{", code=2).stderr)
        self.assertIn("no point 7", self.sweep("tell", "s", 7, code=2).stderr)
        self.assertEqual(self.tell(), [])


if __name__ == "__main__":
    main()
