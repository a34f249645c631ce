#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A trained network put to use: eval, predict and show against what its run reported."""
import csv
import io
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

BINARY = Path(os.environ["NNRUN_TEST_BINARY"])
SOURCE = Path(os.environ["NNRUN_TEST_SOURCE"])
SAMPLE = SOURCE / "tests/data/mnist-sample"


class Predict(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = Path(tempfile.mkdtemp(prefix="nnrun-predict-"))
        done = cls.call("run", SOURCE / "experiments/sample.yaml", "training.epochs=3", "expect=[]",
                        "--out", cls.root / "results", "--json")
        assert done.returncode == 0, done.stderr
        cls.end = json.loads(done.stdout.splitlines()[-1])
        cls.run_folder = cls.end["run"]
        cls.test_files = sorted((SAMPLE / "test").rglob("*.jpg"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.root)

    @classmethod
    def call(cls, *arguments, stdin=None, environment=None):
        env = {**os.environ, **(environment or {})}
        return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, input=stdin,
                              cwd=cls.root, env=env, timeout=120, check=False)

    def predict(self, *arguments, code=0, stdin=None):
        done = self.call("predict", self.run_folder, *arguments, "--quiet", stdin=stdin)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def eval_json(self, *more):
        done = self.call("eval", self.run_folder, "--json", "--quiet", *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_eval_gives_what_the_run_reported(self):
        found = self.eval_json()
        self.assertEqual(found["accuracy"], self.end["test"]["accuracy"])
        self.assertEqual(found["cost"], self.end["test"]["cost"])
        self.assertEqual(found["epoch"], self.end["test"]["epoch"])
        right = sum(row[i] for i, row in enumerate(found["confusion"]))
        self.assertEqual(right / found["rows"], found["accuracy"])

    def test_eval_of_a_folder_with_some_classes_matches_them_by_name(self):
        for digit in ("3", "8"):
            shutil.copytree(SAMPLE / "test" / digit, self.root / "two" / digit)
        found, whole = self.eval_json("--data", self.root / "two"), self.eval_json()
        for digit in (3, 8):
            self.assertEqual(found["confusion"][digit], whole["confusion"][digit])
        (self.root / "two" / "x").mkdir()
        shutil.copy(self.test_files[0], self.root / "two" / "x" / "1.jpg")
        done = self.call("eval", self.run_folder, "--data", self.root / "two")
        self.assertEqual(done.returncode, 3)
        self.assertIn('class "x"', done.stderr)

    def test_predict_over_the_test_files_gives_the_accuracy_the_run_reported(self):
        rows = [json.loads(line) for line in self.predict(SAMPLE / "test", "--json").stdout.splitlines()]
        self.assertEqual(sorted(row["file"] for row in rows), [str(path) for path in self.test_files])
        right = sum(Path(row["file"]).parent.name == row["class"] for row in rows)
        self.assertEqual(right / len(rows), self.end["test"]["accuracy"])
        for row in rows:
            self.assertEqual(row["class"], max(row["probabilities"], key=row["probabilities"].get))

    def test_predict_takes_lists_on_standard_input(self):
        names = [str(path) for path in self.test_files[:5]]
        for separator in ("\n", "\0"):
            out = self.predict("-", "--format", "csv", stdin=separator.join(names)).stdout
            rows = list(csv.DictReader(io.StringIO(out)))
            self.assertEqual([row["file"] for row in rows], names)
            self.assertEqual(set(rows[0]) - {"file", "class"}, {str(digit) for digit in range(10)})

    def test_a_list_on_standard_input_may_name_folders(self):
        place = self.root / "listed"
        (place / "in.jpg").mkdir(parents=True)
        for name in ("2.jpg", "10.jpg"):
            shutil.copy(self.test_files[0], place / "in.jpg" / name)
        shutil.copy(self.test_files[1], place / "own.jpg")
        out = self.predict("-", "--format", "csv", stdin=f"{place}/own.jpg\n{place}/in.jpg\n").stdout
        found = [row["file"] for row in csv.DictReader(io.StringIO(out))]
        self.assertEqual(found, [f"{place}/{name}" for name in ("own.jpg", "in.jpg/2.jpg", "in.jpg/10.jpg")])

    def test_paths_stay_as_they_were_written(self):
        shutil.copy(self.test_files[0], self.root / "here.jpg")
        os.makedirs(self.root / "beside", exist_ok=True)
        for name in ("here.jpg", "beside/../here.jpg", "./here.jpg", "beside/..//here.jpg", f"{self.root}/here.jpg"):
            out = self.predict(name, "./text.txt", name, "--format", "csv", code=3)
            rows = list(csv.DictReader(io.StringIO(out.stdout)))
            self.assertEqual([row["file"] for row in rows], [name, name])
            self.assertIn(" ./text.txt: ", out.stderr)

    def test_a_bad_file_changes_no_other_answer(self):
        text = self.root / "between.jpg"
        text.write_text("not a picture")
        good = [str(path) for path in self.test_files[:300]]
        mixed = [name for path in good for name in (text, path)]
        alone = self.predict(*good, "--json").stdout
        self.assertEqual(self.predict(*mixed, "--json", "--threads", "3", code=3).stdout, alone)

    def test_bad_files_are_named_and_the_rest_is_predicted(self):
        text, gone = self.root / "text,\".jpg", self.root / "gone.jpg"
        text.write_text("not a picture")
        good = self.test_files[:2]
        done = self.predict(good[0], text, gone, good[1], "--format", "csv", code=3)
        self.assertEqual([row["file"] for row in csv.DictReader(io.StringIO(done.stdout))], [str(p) for p in good])
        self.assertIn(str(gone), done.stderr)
        self.assertIn(str(text), done.stderr)
        self.assertIn("2 of 4", done.stderr)
        done = self.predict(gone, code=3)
        self.assertEqual(done.stdout, "")

    def test_a_folder_of_junk_is_walked_without_harm(self):
        junk = self.root / "junk"
        (junk / "sub").mkdir(parents=True)
        for number in ("10", "9", "a"):
            shutil.copy(self.test_files[0], junk / f"{number}.jpg")
        shutil.copy(self.test_files[0], junk / "sub" / "1.JPG")
        (junk / ".hidden.jpg").write_text("x")
        (junk / "Thumbs.db").write_text("x")
        os.mkfifo(junk / "fifo.jpg")
        os.symlink(junk, junk / "sub" / "loop")
        os.symlink(junk / "nowhere", junk / "dangling.jpg")
        out = self.predict(junk, "--format", "csv").stdout
        found = [row["file"] for row in csv.DictReader(io.StringIO(out))]
        self.assertEqual(found, [str(junk / name) for name in ("9.jpg", "10.jpg", "a.jpg", "sub/1.JPG")])

    def test_numbers_come_by_their_size_however_long(self):
        place = self.root / "numbers"
        place.mkdir()
        names = ["3.jpg", "007.jpg", "7.jpg", "20.jpg", "31.jpg", "100.jpg", "3" + "0" * 24 + ".jpg",
                 "3" + "0" * 23 + "1.jpg", "12" + "0" * 24 + ".jpg", "7a.jpg", "a.jpg"]
        for name in sorted(names):
            shutil.copy(self.test_files[0], place / name)
        out = self.predict(place, "--format", "csv").stdout
        self.assertEqual([Path(row["file"]).name for row in csv.DictReader(io.StringIO(out))], names)

    def test_kaggle_writes_a_submission_by_image_id(self):
        place = self.root / "kaggle"
        place.mkdir()
        for number, path in zip((12, 3, 1), self.test_files):
            shutil.copy(path, place / f"img_{number}.jpg")
        lines = self.predict(place, "--format", "kaggle").stdout.splitlines()
        self.assertEqual(lines[0], "ImageId,Label")
        self.assertEqual([line.split(",")[0] for line in lines[1:]], ["1", "3", "12"])
        shutil.copy(self.test_files[0], place / "b3.jpg")
        done = self.predict(place, "--format", "kaggle", code=3)
        self.assertIn("same ImageId", done.stderr)

    def test_threads_do_not_change_an_answer(self):
        outs = {self.predict(SAMPLE / "test", "--format", "csv", "--threads", n).stdout for n in (1, 2, 3)}
        self.assertEqual(len(outs), 1)

    def test_wrong_format_and_missing_run_are_usage_errors(self):
        self.assertIn("csv", self.predict(self.test_files[0], "--format", "xml", code=2).stderr)
        done = self.call("predict", self.root / "nothing", self.test_files[0])
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no such run", done.stderr)

    def test_damaged_results_are_named(self):
        copy = self.root / "damaged"
        shutil.copytree(self.run_folder, copy)
        data = bytearray((copy / "run.h5").read_bytes())
        data[len(data) // 3] ^= 4
        (copy / "run.h5").write_bytes(data)
        for command in (("show", copy), ("eval", copy), ("predict", copy, self.test_files[0])):
            done = self.call(*command)
            self.assertEqual(done.returncode, 6, done.stderr)
            self.assertIn("run.h5", done.stderr)

    def test_a_run_without_its_model_predicts_by_its_checkpoint(self):
        """As a run that was killed: its results know the epochs, the weights lie in the checkpoints."""
        process = subprocess.Popen([BINARY, "run", SOURCE / "experiments/sample.yaml", "training.epochs=5000",
                                    "expect=[]", "--out", self.root / "killed", "--json"], cwd=self.root, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(3):
            process.stdout.readline()
        process.kill()
        process.communicate()
        folder = next((self.root / "killed/sample").iterdir())
        self.assertEqual(json.loads(self.call("show", folder, "--json").stdout)["status"], "killed")
        done = self.call("eval", folder, "--json", "--quiet")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(json.loads(done.stdout)["accuracy"], 0.5)

    def test_show_draws_the_curve_and_says_best_and_test(self):
        done = self.call("show", "sample", "--out", self.root / "results")
        self.assertEqual(done.returncode, 0, done.stderr)
        for part in ("784 - 100 sigmoid", "validation.accuracy", "best ", "epoch 1 to 3", self.run_folder):
            self.assertIn(part, done.stdout)
        self.assertIn(f"accuracy {100 * self.end['test']['accuracy']:.2f} %", done.stdout)
        shown = json.loads(self.call("show", self.run_folder, "--json").stdout)
        self.assertEqual([metric["epoch"] for metric in shown["metrics"]], [1, 2, 3])
        self.assertEqual(shown["test"], self.end["test"])
        self.assertEqual(shown["best"], self.end["best"])
        done = self.call("show", self.run_folder, "--metric", "nothing")
        self.assertEqual(done.returncode, 2)
        self.assertIn("train.cost", done.stderr)


if __name__ == "__main__":
    unittest.main()
