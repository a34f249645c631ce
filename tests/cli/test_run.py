# SPDX-License-Identifier: MIT
"""A run from end to end: what it leaves behind, and what it says on the way."""
import json
import os
import pty
import re
import subprocess

import h5py
import numpy

from nnrun import BINARY, Case, DONE, FAILED, SOURCE, events, main


class WholeRun(Case):
    def setUp(self):
        super().setUp()
        self.done = self.run_spec(self.spec())
        self.run_path = self.run_folder()

    def test_the_folder_holds_what_it_promises(self):
        self.assertRegex(self.run_path.name, r"^\d{4}.*-s1$")
        names = {str(path.relative_to(self.run_path)) for path in self.run_path.rglob("*") if path.is_file()}
        for name in ("spec.yaml", "spec.resolved.yaml", "run.h5", "events.jsonl", "STATUS",
                     "checkpoints/epoch-000000.h5", "checkpoints/epoch-000003.h5"):
            self.assertIn(name, names)
        self.assertEqual((self.run_path / "spec.yaml").read_text(), (self.folder / "small.yaml").read_text())
        self.assertTrue((self.run_path / "STATUS").read_text().startswith("done"))

    def test_the_summary_says_where_the_run_lies_and_how_the_test_went(self):
        self.assertIn(str(self.run_path.relative_to(self.folder)), self.done.stdout)
        self.assertRegex(self.done.stdout, r"(?i)test")

    def test_a_warm_start_begins_with_the_weights_another_run_ended_with(self):
        self.run_spec(self.spec(), f"network.warm_start={self.run_path}", "name=warm", "training.epochs=1")
        warm = self.run_folder("warm")
        with h5py.File(self.run_path / "run.h5") as ended, \
                h5py.File(warm / "checkpoints" / "epoch-000000.h5") as began:
            for layer in ended["model/layers"]:
                for part in ("weight", "bias"):
                    name = f"model/layers/{layer}/{part}"
                    numpy.testing.assert_array_equal(began[name][:], ended[name][:])

    def test_run_h5_agrees_with_itself_and_with_the_events(self):
        lines = events(self.run_path)
        with h5py.File(self.run_path / "run.h5", "r") as file:
            self.assertEqual(file.attrs["format"], "nnrun")
            metrics = file["metrics"]
            self.assertEqual(list(metrics["epoch"][:]), [1, 2, 3])
            for name in ("train_cost", "train_accuracy", "validation_cost", "validation_accuracy", "rate", "seconds"):
                self.assertEqual(metrics[name].shape, (3,), name)
            self.assertEqual([line["epoch"] for line in lines], [1, 2, 3])
            for name in ("train_cost", "validation_accuracy"):
                values = [line[name] if name in line else line[name.replace("_", ".")] for line in lines]
                numpy.testing.assert_array_equal(metrics[name][:], values)
            confusion = file["test/confusion"][:]
            self.assertEqual(confusion.shape, (10, 10))
            self.assertEqual(confusion.sum(), 200)
            self.assertEqual(confusion.sum(axis=1).tolist(), [20] * 10)
            self.assertAlmostEqual(numpy.trace(confusion) / 200, float(file["test/accuracy"][()]), places=12)
            self.assertEqual(file["model/layers/00/weight"].shape, (12, 784))
            self.assertEqual(file["model/layers/01/weight"].shape, (10, 12))
            self.assertEqual(file["model/layers/01/bias"].shape, (10,))
            self.assertEqual(int(file["provenance/seed"][()]), 1)
            self.assertIn(b"small.yaml", file["provenance/argv"][()])

    def test_no_number_in_run_h5_is_nan(self):
        with h5py.File(self.run_path / "run.h5", "r") as file:
            def look(name, item):
                if isinstance(item, h5py.Dataset) and item.dtype.kind == "f":
                    self.assertTrue(numpy.isfinite(item[()]).all(), name)
            file.visititems(look)

    def test_show_prints_the_run_by_folder_file_and_name(self):
        for run in (self.run_path, self.run_path / "run.h5", "small"):
            with self.subTest(run=str(run)):
                done = self.assert_exit(self.nnrun("show", run), DONE)
                self.assertIn("small", done.stdout)
                self.assertRegex(done.stdout, r"(?i)accuracy")

    def test_a_second_run_gets_a_folder_of_its_own(self):
        self.run_spec("small.yaml")
        self.assertEqual(len(list((self.folder / "results/small").iterdir())), 2)


class Speech(Case):
    def test_progress_is_plain_lines_where_stderr_is_no_terminal(self):
        done = self.run_spec(self.spec())
        self.assertNotIn("\r", done.stderr)
        self.assertNotIn("\x1b", done.stderr + done.stdout)
        self.assertGreaterEqual(len(done.stderr.splitlines()), 3)

    def test_quiet_says_nothing_on_stderr(self):
        self.assertEqual(self.run_spec(self.spec(), "--quiet").stderr, "")

    def test_json_prints_lines_of_json_and_nothing_else(self):
        done = self.run_spec(self.spec(), "--json")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertGreaterEqual(len(lines), 3)
        self.assertTrue(all(isinstance(line, dict) for line in lines))
        self.assertEqual(lines[0]["event"], "first_batch")
        self.assertGreater(lines[0]["seconds"], 0)
        self.assertEqual([line["epoch"] for line in lines if "validation_accuracy" in line
                          or "validation.accuracy" in line][:3], [1, 2, 3])

    def test_answers_that_cannot_be_written_are_a_failure(self):
        spec = self.spec()
        for words in (("run", spec, "--json"), ("run", spec), ("plugins", "--json"), ("render", spec)):
            with self.subTest(words=words), open("/dev/full", "w") as full:
                done = subprocess.run([BINARY, *map(str, words)], cwd=self.folder, env=self.environment({}),
                                      stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True)
                self.assertEqual(done.returncode, FAILED, done.stderr)
                self.assertIn("stdout can't be written", done.stderr)

    def on_a_terminal(self, **environment):
        ours, theirs = pty.openpty()
        process = subprocess.Popen([BINARY, "run", self.spec()], cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=theirs, close_fds=True,
                                   env=self.environment({"TERM": "xterm", **environment}))
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        os.close(ours)
        self.assertEqual(process.wait(timeout=120), DONE, seen)
        return seen.decode()

    def test_progress_is_one_line_drawn_over_on_a_terminal(self):
        self.assertIn("\r", self.on_a_terminal().replace("\r\n", "\n"))

    def test_no_color_is_honoured(self):
        self.assertIsNone(re.search(r"\x1b\[[0-9;]*m", self.on_a_terminal(NO_COLOR="1")))


class Ways(Case):
    def test_the_command_run_may_be_left_out(self):
        self.assert_exit(self.nnrun(self.spec()), DONE)
        self.run_folder()

    def test_a_spec_from_standard_input(self):
        self.assert_exit(self.nnrun("run", "-", stdin=self.spec().read_text()), DONE)
        self.run_folder()

    def test_out_takes_the_place_of_results(self):
        self.run_spec(self.spec(), "--out", "elsewhere")
        self.assertFalse((self.folder / "results").exists())
        self.assertTrue(list((self.folder / "elsewhere").rglob("run.h5")))

    def test_values_on_the_command_line_take_effect(self):
        self.run_spec(self.spec(), "training.epochs=2", "network.layers.0.units=7")
        with h5py.File(self.run_folder() / "run.h5", "r") as file:
            self.assertEqual(file["metrics/epoch"].shape, (2,))
            self.assertEqual(file["model/layers/00/weight"].shape, (7, 784))

    def test_a_dry_run_trains_nothing(self):
        if "--dry-run" not in self.nnrun("run", "--help").stdout:
            self.skipTest("this version has no --dry-run")
        done = self.run_spec(self.spec(), "--dry-run")
        self.assertIn("784", done.stdout)
        self.assertFalse((self.folder / "results").exists())

    def test_the_sample_experiment_reaches_its_figure(self):
        done = self.run_spec(SOURCE / "experiments/sample.yaml", "--out", "results")
        self.assertIn("sample", done.stdout)

    def test_paths_in_a_spec_are_taken_from_its_folder(self):
        (self.folder / "deep").mkdir()
        (self.folder / "deep/digits").symlink_to(SOURCE / "tests/data/mnist-sample")
        text = self.spec().read_text().replace(str(SOURCE / "tests/data/mnist-sample"), "digits")
        self.run_spec(self.write("deep/small.yaml", text))


if __name__ == "__main__":
    main()
