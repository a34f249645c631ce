#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The scripts as a user meets them, in a root of their own with a few of the sample's digits.

    test_scripts.py SOURCE BUILD
"""
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile
from pathlib import Path

SOURCE, BUILD = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
SAMPLE = SOURCE / "tests/data/mnist-sample"
EXAMPLES = sorted((SOURCE / "scripts/examples").iterdir())
SCRIPTS = sorted(path for path in (SOURCE / "scripts").iterdir() if path.is_file() and os.access(path, os.X_OK))


class InARoot(unittest.TestCase):
    def setUp(self):
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        shutil.copytree(SOURCE / "scripts", self.root / "scripts")
        (self.root / "build").mkdir()
        (self.root / "build/release").symlink_to(BUILD)

    def script(self, *words, path=None):
        environment = dict(os.environ, **({"PATH": path} if path else {}))
        return subprocess.run([str(self.root / "scripts" / words[0]), *words[1:]], capture_output=True, text=True,
                              env=environment, timeout=120, stdin=subprocess.DEVNULL)

    def assert_refused(self, done, code, *words):
        self.assertEqual(done.returncode, code, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def left_aside(self):
        return list((self.root / "data").glob(".aside.*"))


class Every(InARoot):
    def test_every_script_answers_help(self):
        self.assertGreaterEqual(len(SCRIPTS), 5)
        for script in SCRIPTS + EXAMPLES:
            name = str(script.relative_to(SOURCE / "scripts"))
            with self.subTest(script=name):
                done = self.script(name, "--help")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(f"scripts/{name}", done.stdout)

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_shellcheck_finds_nothing(self):
        shell = [path for path in SCRIPTS + EXAMPLES if path.read_bytes().startswith(b"#!/usr/bin/env bash")]
        done = subprocess.run(["shellcheck", "-x", *shell, SOURCE / "scripts/lib.sh", SOURCE / ".ci/run"],
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.stdout, "")

    def test_an_unknown_argument_is_refused_by_name(self):
        for words in (["setup", "--bogus"], ["data", "mnist", "--bogus", "1"], ["data", "kaggle", "--bogus"]):
            with self.subTest(words=words):
                self.assert_refused(self.script(*words), 2, '"--bogus"')

    def test_run_without_a_spec_says_how_it_is_used(self):
        self.assert_refused(self.script("run"), 2, "scripts/run SPEC")

    def test_run_names_a_spec_that_is_not_there(self):
        self.assert_refused(self.script("run", "nothing.yaml"), 2, "nothing.yaml")


class Bench(InARoot):
    def test_each_bench_of_the_listing_answers_help(self):
        listing = self.script("bench", "--help").stdout
        names = [line.split()[0] for line in listing.splitlines() if line.startswith("  ")]
        self.assertIn("train", names)
        for name in names:
            with self.subTest(bench=name):
                done = self.script("bench", name, "--help")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(f"scripts/bench {name}", done.stdout)

    def test_an_unknown_bench_is_refused_by_name(self):
        self.assert_refused(self.script("bench", "bogus"), 2, '"bogus"', "train")

    def test_without_data_it_says_where_they_come_from(self):
        self.assert_refused(self.script("bench"), 3, "scripts/data mnist")


class Mnist(InARoot):
    def test_a_folder_without_the_files_is_refused(self):
        self.assert_refused(self.script("data", "mnist", "--from", str(self.root)), 3, "train-images-idx3-ubyte")

    def test_other_files_than_mnist_are_refused_and_leave_nothing(self):
        fake = self.root / "fake"
        fake.mkdir()
        for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                     "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
            (fake / name).write_bytes(b"not MNIST")
        self.assert_refused(self.script("data", "mnist", "--from", str(fake)), 3, "SHA-256")
        self.assertEqual(self.left_aside(), [])
        self.assertFalse((self.root / "data/mnist-idx").exists())

    def test_data_that_are_there_are_left_alone(self):
        for name in ("mnist-idx", "mnist-jpg"):
            (self.root / "data" / name).mkdir(parents=True)
        done = self.script("data", "mnist", path="/usr/bin:/bin")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(os.listdir(self.root / "data")), ["mnist-idx", "mnist-jpg"])


class Kaggle(InARoot):
    """The archive comes in several forms; all end as the same folders."""

    def setUp(self):
        super().setUp()
        self.made = self.root / "made"
        for digit in "01":
            folder = self.made / "trainingSet/trainingSet" / digit
            shutil.copytree(SAMPLE / "train" / digit, folder)
        shutil.copytree(SAMPLE / "test/0", self.made / "testSet/testSet")

    def assert_brought(self, archive):
        done = self.script("data", "kaggle", str(archive), "--partial")
        self.assertEqual(done.returncode, 0, done.stderr)
        brought = self.root / "data/kaggle"
        self.assertEqual(len(list(brought.glob("trainingSet/trainingSet/[01]/*.jpg"))), 120)
        self.assertEqual(len(list(brought.glob("testSet/testSet/*.jpg"))), 20)
        self.assertEqual(self.left_aside(), [])

    def test_a_folder(self):
        self.assert_brought(self.made)

    def test_a_zip_of_folders(self):
        shutil.make_archive(str(self.root / "archive"), "zip", self.made)
        self.assert_brought(self.root / "archive.zip")

    def test_a_zip_of_archives(self):
        with zipfile.ZipFile(self.root / "archive.zip", "w") as archive:
            for name in ("trainingSet", "testSet"):
                inner = self.root / f"{name}.tar.gz"
                with tarfile.open(inner, "w:gz") as tar:
                    tar.add(self.made / name / name, arcname=name)
                archive.write(inner, inner.name)
        self.assert_brought(self.root / "archive.zip")

    def test_another_number_of_images_is_refused_with_both_numbers(self):
        done = self.script("data", "kaggle", str(self.made))
        self.assert_refused(done, 3, "120 labelled", "42,000", "--partial")
        self.assertFalse((self.root / "data/kaggle").exists())

    def test_another_archive_is_refused(self):
        with zipfile.ZipFile(self.root / "other.zip", "w") as archive:
            archive.writestr("readme.txt", "nothing here")
        self.assert_refused(self.script("data", "kaggle", str(self.root / "other.zip")), 3, "trainingSet")

    def test_no_archive_and_no_kaggle_command_says_what_to_do(self):
        self.assert_refused(self.script("data", "kaggle", path="/usr/bin:/bin"), 3, "scolianni/mnistasjpg")


class IdxToJpeg(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def convert(self, images, labels, *more):
        (self.folder / "images").write_bytes(images)
        (self.folder / "labels").write_bytes(labels)
        return subprocess.run([BUILD / "tools/idx_to_jpeg", self.folder / "images", self.folder / "labels",
                               self.folder / "out", *more], capture_output=True, text=True, timeout=60)

    def images(self, count, side=4):
        return struct.pack(">4I", 0x803, count, side, side) + bytes(count * side * side)

    def labels(self, values):
        return struct.pack(">2I", 0x801, len(values)) + bytes(values)

    def test_each_image_lands_in_the_folder_of_its_label(self):
        self.assertEqual(self.convert(self.images(3), self.labels([7, 0, 7])).returncode, 0)
        self.assertEqual(sorted(str(path.relative_to(self.folder / "out")) for path in self.folder.glob("out/*/*")),
                         ["0/00001.jpg", "7/00000.jpg", "7/00002.jpg"])

    def test_per_class_takes_the_first_of_each(self):
        self.assertEqual(self.convert(self.images(3), self.labels([7, 0, 7]), "1").returncode, 0)
        self.assertEqual(len(list(self.folder.glob("out/*/*"))), 2)

    def test_damage_is_named(self):
        for images, labels, word in ((self.images(3)[:-1], self.labels([1, 2, 3]), "images"),
                                     (self.images(3), self.labels([1, 2]), "labels"),
                                     (b"", self.labels([1]), "images"),
                                     (self.images(1, 0), self.labels([1]), "images")):
            with self.subTest(word=word):
                done = self.convert(images, labels)
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"{self.folder}/{word}:", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
