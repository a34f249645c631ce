# SPDX-License-Identifier: MIT
"""Bad sweep files: each is refused before anything runs, at its line and column, with the way out."""
from sweeps_case import BINARY, SWEEP, Case, main
from sweeps import session, trouble

TOP = "nnrun-sweep: 1\nbase: base.yaml\n"
AXES = TOP + "axes: {training.optimizer.rate: [0.1, 0.3]}\n"


class Refusing(Case):
    def refused(self, text, *words):
        """What is said of a sweep file that is not run."""
        with self.assertRaises(trouble.Trouble) as caught:
            session.Plan(str(self.write(text)), BINARY)
        told = str(caught.exception).replace(str(self.folder) + "/", "")
        self.assertEqual(caught.exception.code, 2)
        for word in words:
            self.assertIn(word, told)
        return told


class Refused(Refusing):
    def test_of_the_file_itself(self):
        for text, *words in [
            ("", "no sweep"),
            ("a: [1", "s.yaml:1:6: error: not valid YAML"),
            ("\0", "not valid YAML"),
            ("base: base.yaml\naxes: {training.l2: [0]}\n", "s.yaml:1:1: error: this is no sweep file", "nnrun-sweep: 1"),
            ("nnrun-sweep: 2\nbase: base.yaml\naxes: {training.l2: [0]}\n", "s.yaml:1:14", "this program reads 1"),
            (AXES + "objektive: {}\n", 's.yaml:4:1: error: a sweep: there is no key "objektive"', 'did you mean "objective"?'),
            (AXES + "run: {}\nrun: {}\n", "s.yaml:5:1", 'the key "run" is there twice', "line 4"),
            ("nnrun-sweep: 1\naxes: {training.l2: [0]}\n", "base: names the spec"),
            (AXES.replace("base.yaml", "bas.yaml"), "s.yaml:2:7", "there is no such spec"),
            (TOP, "no axes"),
            (TOP + "axes: [1]\n", "s.yaml:3:7", "wants key: [values]"),
            (TOP + "axes: {training.l2: 3}\n", 's.yaml:3:21', 'wants a list of values, not "3"'),
            (TOP + "axes: {training.l2: []}\n", "a list without values"),
            (TOP + "axes: {training.l2: [1e-3, 0.001]}\n", "s.yaml:3:28", "0.001 is there twice"),
            (TOP + "axes: {training.l2: {log: [1e-3, 1]}}\n", "how many points", "n: 4"),
            (TOP + "axes: {training.l2: {log: [0, 1], n: 3}}\n", "s.yaml:3:28", "0 has no logarithm"),
            (TOP + "axes: {training.l2: {log: [1, 1e-3], n: 3}}\n", "1 is not below 1e-3"),
            (TOP + "axes: {training.l2: {lin: [0, 1], n: 3}}\n", "s.yaml:3:22", 'there is no key "lin"', 'did you mean "linear"?'),
            (AXES + "method: {use: gird}\n", "s.yaml:4:15", 'did you mean "grid"?'),
            (AXES + "method: {use: random}\n", "how many trials"),
            (AXES + "method: {use: asha, etha: 3}\n", "s.yaml:4:21", 'did you mean "eta"?'),
            (AXES + "method: {use: asha, min_epochs: 5, max_epochs: 5}\n", "must be above min_epochs"),
            (AXES + "zip: [{training.l2: [0, 1], training.l1: [0]}]\n", "s.yaml:4:7", "training.l2 has 2, training.l1 has 1"),
            (AXES + "zip: [{training.optimizer.rate: [0, 1]}]\n", "training.optimizer.rate is an axis twice"),
            (AXES + "exclude: [{training.optimizer.rat: 0.1}]\n", "s.yaml:4:12", 'did you mean "training.optimizer.rate"?'),
            (AXES + "exclude: [{training.optimizer.rate: 0.2}]\n", "s.yaml:4:37", "never is 0.2"),
            (AXES + "exclude: [{training.optimizer.rate: [0.1, 0.3]}]\n", "exclude leaves no point"),
            (AXES + "objective: {metric: test.accuracy}\n", "s.yaml:4:21", "test set"),
            (AXES + "objective: {goal: min}\n", "s.yaml:4:19", "better the higher"),
            (AXES + "run: {retries: -1}\n", "s.yaml:4:16", "from 0 to 100"),
            (AXES + "run: {timeout: soon}\n", "s.yaml:4:16", "such as 90s"),
            (AXES + "run: {on_failure: stopp}\n", "s.yaml:4:19", 'did you mean "stop"?'),
        ]:
            with self.subTest(text=text):
                self.refused(text, *words)

    def test_several_mistakes_are_told_at_once(self):
        told = self.refused(AXES + "method: {use: gird}\nrun: {jobs: 0}\n", "s.yaml:4:15", "s.yaml:5:13")
        self.assertEqual(told.count(": error: "), 2)

    def test_the_line_is_shown_and_marked(self):
        told = self.refused(AXES + "run: {jobs: zero}\n").splitlines()
        self.assertEqual(told[1], "    4 | run: {jobs: zero}")
        self.assertTrue(told[2].startswith("      |             ^~~~ "), told[2])


class RefusedByNnrun(Refusing):
    def test_a_wrong_value_is_told_at_its_own_place_once(self):
        told = self.refused(TOP + "axes:\n  training.l2: [0, -1]\n  network.layers.0.units: [3, 4, 5]\n",
                            "s.yaml:4:20: error: training.l2", "in 3 of 6 trials")
        self.assertEqual(told.count(": error: "), 1)

    def test_a_key_that_no_component_takes_is_told_with_the_combination(self):
        self.refused(TOP + """axes:
  training.optimizer: [{use: sgd, rate: 0.1}, {use: adam, rate: 1e-3}]
  training.optimizer.momentum: [0, 0.9]
""", "s.yaml:5:3: error: ", 'adam has no parameter "momentum"', "in 2 of 4 trials", "use: adam")

    def test_an_axis_that_changes_nothing_is_refused(self):
        self.refused(TOP + "axes: {x-notes: [a, b], training.l2: [0, 0.1]}\n", "s.yaml:3:8: error: x-notes changes nothing")

    def test_repeats_that_change_nothing_are_refused(self):
        self.refused(AXES + "repeats: {threads: [1, 2]}\n", "s.yaml:4:11: error: threads changes nothing")

    def test_a_metric_that_the_base_does_not_have(self):
        self.refused(AXES + "objective: {metric: validation.acuracy}\n", "s.yaml:4:21", 'did you mean "validation.accuracy"?')

    def test_the_ends_of_a_range_are_tried(self):
        self.refused(TOP + "method: {use: random, trials: 3}\naxes: {network.dropout: {linear: [0.9, 1.5]}}\n",
                     "s.yaml:4:8: error: network.dropout", "(by network.dropout=1.5)")

    def test_a_mistake_of_the_base_is_told_as_the_bases(self):
        base = self.folder / "base.yaml"
        base.write_text(base.read_text().replace("batch_size", "batchsize"))
        self.refused(AXES, "base.yaml:18:3: error", "batch_size")


class Commands(Case):
    def test_every_command_answers_help(self):
        for word in ("run", "resume", "status", "table", "plot", "retry", "slurm", "ask", "tell"):
            self.assertIn(f"scripts/sweep {word}", self.sweep(word, "--help").stdout)

    def test_a_bad_file_is_told_and_leaves_no_folder(self):
        self.write(AXES + "run: {jobs: zero}\n")
        self.assertTrue(self.sweep("run", "s.yaml", "--out", "out", code=2).stderr.startswith("s.yaml:4:13: error: run.jobs"))
        self.assertFalse((self.folder / "out").exists())

    def test_a_sweep_that_is_not_there(self):
        self.assertIn("no such sweep", self.sweep("resume", "nothing", code=2).stderr)

    def test_a_folder_of_something_else_is_left_alone(self):
        (self.folder / "out").mkdir()
        (self.folder / "out/precious").write_text("")
        self.write(SWEEP)
        self.assertIn("holds something that is no sweep", self.sweep("run", "s.yaml", "--out", "out", code=2).stderr)

    def test_a_dry_run_lists_each_trial_and_writes_nothing(self):
        self.write(SWEEP)
        done = self.sweep("run", "s.yaml", "--dry-run")
        self.assertEqual(len(done.stdout.splitlines()), 12)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["base.yaml", "s.yaml"])


if __name__ == "__main__":
    main()
