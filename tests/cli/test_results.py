# SPDX-License-Identifier: MIT
"""results, compare and export: many runs told together, against what h5py reads of each; one that is damaged, killed or
not begun yet never fails the others."""
import csv
import io
import json
import shutil

import h5py
from nnrun import Case, DAMAGED, DONE, USAGE, main


class Several(Case):
    """Three whole runs, of which one is cut to a run that was killed, one damaged, and one that has not begun."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = Case("run")
        cls.made.setUp()
        cls.addClassCleanup(cls.made.doCleanups)
        cls.made.spec()
        for name, words in {"a": ["seed=1"], "b": ["seed=2", "training.optimizer.rate=0.05"], "c": ["training.epochs=1"]}.items():
            cls.made.run_spec("small.yaml", f"name={name}", *words)
        cls.root = cls.made.folder / "results"

    def setUp(self):
        super().setUp()
        shutil.copytree(self.root, self.folder / "results")
        self.runs = {name: self.run_folder(name) for name in "abc"}

    def figures(self, name):
        """What h5py reads: (validation accuracies, test accuracy)."""
        with h5py.File(self.runs[name] / "run.h5", "r") as file:
            return file["metrics/validation_accuracy"][:].tolist(), float(file["test/accuracy"][()])

    def damage(self, name):
        path = self.runs[name] / "run.h5"
        data = bytearray(path.read_bytes())
        data[len(data) // 3] ^= 4
        path.write_bytes(data)

    def not_begun(self):
        folder = self.folder / "results/d/20261129T000000Z-s1"
        folder.mkdir(parents=True)
        shutil.copy(self.runs["a"] / "spec.resolved.yaml", folder)
        (folder / "STATUS").write_text("running\n\n")

    def lines(self, *words, code=DONE):
        return self.assert_exit(self.nnrun(*words), code).stdout.splitlines()

    def objects(self, *words, code=DONE):
        return [json.loads(line) for line in self.lines(*words, code=code)]


class Results(Several):
    def test_each_run_is_a_line_with_its_best_epoch_and_its_test(self):
        rows = list(csv.DictReader(io.StringIO("\n".join(self.lines("results", "--csv")))))
        self.assertEqual([row["name"] for row in rows], ["a", "b", "c"])
        for row in rows:
            values, test = self.figures(row["name"])
            self.assertEqual(row["run"], f"results/{row['name']}/{self.runs[row['name']].name}")
            self.assertEqual((float(row["validation.accuracy"]), float(row["test.accuracy"])), (max(values), test))
            self.assertEqual((int(row["best"]), int(row["epochs"])), (values.index(max(values)) + 1, len(values)))

    def test_the_table_is_sorted_by_any_figure_the_best_first(self):
        for metric, reverse in (("validation.accuracy", True), ("test.cost", False), ("seconds", False)):
            rows = list(csv.DictReader(io.StringIO("\n".join(self.lines("results", "--csv", "--sort", metric)))))
            values = [float(row[metric]) for row in rows]
            self.assertEqual(values, sorted(values, reverse=reverse), metric)

    def test_an_unknown_figure_is_refused_with_those_there_are(self):
        self.assert_exit(self.nnrun("results", "--sort", "acuracy"), USAGE, "acuracy", "validation.accuracy", "seconds")

    def test_json_says_the_same(self):
        told = {one["name"]: one for one in self.objects("results", "--json")}
        for name in "abc":
            values, test = self.figures(name)
            self.assertEqual(told[name]["best"], {"metric": "validation.accuracy", "epoch": values.index(max(values)) + 1,
                                                  "value": max(values)})
            self.assertEqual((told[name]["test"]["accuracy"], told[name]["status"]), (test, "done"))

    def test_a_run_that_is_damaged_killed_or_not_begun_fails_no_other(self):
        self.damage("b")
        (self.runs["c"] / "STATUS").write_text("running\n\n")
        self.not_begun()
        done = self.assert_exit(self.nnrun("results", "--sort", "test.accuracy"), DONE, str(self.runs["b"].name))
        rows = [line.split() for line in done.stdout.splitlines()[1:]]
        self.assertEqual({row[0]: row[2] for row in rows}, {"a": "done", "b": "damaged", "c": "killed", "d": "killed"})
        self.assertEqual(sorted(row[0] for row in rows[:2]), ["a", "c"])
        told = {one["name"]: one for one in self.objects("results", "--json")}
        self.assertIn("run.h5", told["b"]["reason"])
        self.assertEqual(told["d"]["reason"], "there are no results yet")

    def test_an_empty_folder_gives_a_head_and_no_folder_is_refused(self):
        (self.folder / "empty").mkdir()
        self.assertEqual(len(self.lines("results", "empty")), 1)
        self.assert_exit(self.nnrun("results", "nowhere"), USAGE, "nowhere")


class Compare(Several):
    def test_what_differs_is_told_and_nothing_else(self):
        told, = self.objects("compare", "a", "b", "c", "--json")
        self.assertEqual(told["differ"], {"seed": ["1", "2", "1"], "training.epochs": ["3", "3", "1"],
                                          "training.optimizer.rate": ["0.5", "0.05", "0.5"]})
        self.assertEqual([run["name"] for run in told["runs"]], ["a", "b", "c"])

    def test_the_columns_are_the_runs_as_asked_or_the_best_first(self):
        self.assertEqual(self.lines("compare", "c", "a", "b")[0].split(), ["name", "c", "a", "b"])
        order = sorted("abc", key=lambda name: -self.figures(name)[1])
        self.assertEqual(self.lines("compare", "c", "a", "b", "--sort", "test.accuracy")[0].split()[1:], order)

    def test_figures_and_curves_are_those_of_the_runs(self):
        lines = [line.split() for line in self.lines("compare", "a", "c")]
        a, c = self.figures("a"), self.figures("c")
        self.assertIn(["test.accuracy", f"{a[1]:.4f}", f"{c[1]:.4f}"], lines)
        self.assertIn(["epoch", "1", f"{a[0][0]:.5g}", f"{c[0][0]:.5g}"], lines)
        self.assertIn(["epoch", "3", f"{a[0][2]:.5g}"], lines)

    def test_a_damaged_run_keeps_its_column(self):
        self.damage("b")
        done = self.assert_exit(self.nnrun("compare", "a", "b", "c"), DAMAGED, "run.h5")
        self.assertIn(["status", "done", "damaged", "done"], [line.split() for line in done.stdout.splitlines()])
        told, = self.objects("compare", "a", "b", "c", "--json", code=DAMAGED)
        self.assertEqual(told["differ"], {"training.epochs": ["3", None, "1"]})

    def test_one_run_or_one_that_is_not_there_is_refused(self):
        self.assert_exit(self.nnrun("compare", "a"), USAGE, "usage")
        self.assert_exit(self.nnrun("compare", "a", "nothing"), USAGE, "nothing")


class Export(Several):
    def test_csv_has_every_metric_to_the_last_bit(self):
        rows = list(csv.DictReader(io.StringIO("\n".join(self.lines("export", "a", "c", "--to", "csv")))))
        self.assertEqual([(row["name"], row["epoch"]) for row in rows], [("a", "1"), ("a", "2"), ("a", "3"), ("c", "1")])
        with h5py.File(self.runs["a"] / "run.h5", "r") as file:
            for metric in ("train_cost", "validation_accuracy", "rate", "seconds"):
                self.assertEqual([float(row[metric]) for row in rows[:3]], file[f"metrics/{metric}"][:].tolist())
            self.assertEqual([float(row["gradient_norm.1"]) for row in rows[:3]], file["metrics/gradient_norm"][:, 1].tolist())

    def test_json_has_spec_data_metrics_and_test(self):
        told, = self.objects("export", "b", "--to", "json")
        self.assertEqual(told["spec"]["training.optimizer.rate"], "0.05")
        self.assertEqual((told["data"]["train"], told["data"]["validation"], len(told["data"]["classes"])), (500, 100, 10))
        self.assertEqual([one["validation_accuracy"] for one in told["metrics"]], self.figures("b")[0])
        with h5py.File(self.runs["b"] / "run.h5", "r") as file:
            self.assertEqual(told["confusion"], file["test/confusion"][:].tolist())
        self.assertIn("nnrun", told["provenance"])

    def test_a_damaged_run_does_not_fail_the_rest(self):
        self.damage("b")
        self.not_begun()
        rows = list(csv.DictReader(io.StringIO("\n".join(self.lines("export", "a", "b", "c", "--to", "csv", code=DAMAGED)))))
        self.assertEqual([row["name"] for row in rows], ["a", "a", "a", "c"])
        told = self.objects("export", "b", "d", "a", "--to", "json", code=DAMAGED)
        self.assertEqual([one["status"] for one in told], ["damaged", "killed", "done"])
        self.assertEqual(len(self.lines("export", "d", "--to", "csv")), 1)

    def test_a_format_that_is_not_there_is_refused(self):
        self.assert_exit(self.nnrun("export", "a"), USAGE, "csv", "json")
        self.assert_exit(self.nnrun("export", "a", "--to", "xml"), USAGE, "xml")


if __name__ == "__main__":
    main()
