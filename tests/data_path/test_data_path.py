#!/usr/bin/env python3
"""The data path as a user meets it: `nnrun data`, the cache, transforms and real folders.

    test_data_path.py NNRUN SOURCE_TREE
"""
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import h5py

NNRUN, SOURCE = sys.argv[1], sys.argv[2]
BUILD = os.path.dirname(NNRUN)
SPEC = os.path.join(SOURCE, "experiments", "sample.yaml")
SAMPLE = os.path.join(SOURCE, "tests", "data", "mnist-sample")


class DataPath(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="nnrun-data-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        # LeakSanitizer's tracer dies at the end of some of these commands; leaks are looked for in the unit tests.
        self.environment = dict(os.environ, NNRUN_CACHE=os.path.join(self.folder, "cache"),
                                ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def run_nnrun(self, *arguments, code=0, timeout=120, **more):
        result = subprocess.run([NNRUN, *arguments], env=self.environment, capture_output=True,
                                text=True, errors="surrogateescape", timeout=timeout, **more)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def stats(self, *arguments):
        lines = self.run_nnrun("data", "stats", SPEC, *arguments, "--json").stdout.splitlines()
        return {part["part"]: part for part in map(json.loads, lines)}

    def copy_sample(self):
        shutil.copytree(os.path.join(SAMPLE, "train"), self.path("train"))
        return self.path("train")

    def train(self, name, *arguments):
        out = self.path(name)
        result = self.run_nnrun("run", SPEC, "--out", out, "training.epochs=1", "expect=[]",
                                *arguments)
        (run,) = [os.path.join(out, "sample", d) for d in os.listdir(os.path.join(out, "sample"))]
        with h5py.File(os.path.join(run, "run.h5")) as file:
            weights = [file[f"/model/layers/{layer}/weight"][()].tobytes()
                       for layer in file["/model/layers"]]
        return weights, result.stderr

    # ---- nnrun data ----

    def test_check_names_every_bad_file_and_its_reason(self):
        train = self.copy_sample()
        victims = [os.path.join(train, "3", sorted(os.listdir(os.path.join(train, "3")))[5]),
                   os.path.join(train, "7", sorted(os.listdir(os.path.join(train, "7")))[0])]
        with open(victims[0], "r+b") as file:
            file.truncate(300)
        with open(victims[1], "wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n")
        self.assertIn("data.train: 600 samples, 0 bad", self.run_nnrun("data", "check", SPEC).stdout)
        result = self.run_nnrun("data", "check", SPEC, f"data.train.path={train}", code=3)
        self.assertIn("data.train: 600 samples, 2 bad", result.stdout)
        self.assertIn(f"{victims[0]}: Premature end of JPEG file", result.stdout)
        self.assertIn(f"{victims[1]}: Not a JPEG file", result.stdout)
        result = self.run_nnrun("data", "check", SPEC, f"data.train.path={train}", "--json", code=3)
        parts = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual([bad["name"] for bad in parts[0]["bad"]], victims)
        # A run refuses them too, and goes on without them where that is wished.
        result = self.run_nnrun("run", SPEC, f"data.train.path={train}", "--out", self.path("r"),
                                code=3)
        self.assertIn("2 of 600 samples can't be used", result.stderr)
        self.assertEqual(self.stats(f"data.train.path={train}", "data.train.on_bad=skip")
                         ["train"]["samples"], 598)

    def test_stats_counts_what_there_is(self):
        parts = self.stats()
        self.assertEqual(parts["train"]["samples"], 600)
        self.assertEqual([c["samples"] for c in parts["train"]["classes"]], [60] * 10)
        self.assertEqual([c["name"] for c in parts["train"]["classes"]], list("0123456789"))
        self.assertTrue(20 < parts["train"]["inputs"][0]["mean"] < 45)

    def test_export_reads_back_the_same(self):
        fingerprint = self.stats()["train"]["fingerprint"]
        idx, hdf5, png = self.path("idx"), self.path("data.h5"), self.path("png")
        for form, out in (("idx", idx), ("hdf5", hdf5), ("png_folder", png)):
            self.run_nnrun("data", "export", SPEC, "--to", form, "--out", out)
        again = self.stats(f"data.train={{use: idx, images: {idx}/images-idx3-ubyte, "
                           f"labels: {idx}/labels-idx1-ubyte}}")
        means = self.stats()["train"]["inputs"]
        self.assertEqual(again["train"]["inputs"], means)
        for loader in (f"{{use: hdf5, path: {hdf5}}}", f"{{use: png_folder, path: {png}}}"):
            part = self.stats(f"data.train={loader}")["train"]
            self.assertEqual(part["inputs"], means)
            self.assertEqual(part["classes"], self.stats()["train"]["classes"])
        with h5py.File(hdf5) as file:
            self.assertEqual(file["images"].shape, (600, 28, 28))
            self.assertEqual([n.decode() for n in file["class_names"]], list("0123456789"))
        # What is there already is not written over.
        self.run_nnrun("data", "export", SPEC, "--to", "idx", "--out", idx, code=1)
        self.run_nnrun("data", "export", SPEC, "--to", "hdf5", "--out", hdf5, code=1)
        self.run_nnrun("data", "export", SPEC, "--to", "synthetic", "--out", idx, code=1)
        self.assertEqual(self.stats()["train"]["fingerprint"], fingerprint)

    def test_idx_takes_a_part_in_the_order_of_the_file(self):
        folder = self.path("parts")
        self.run_nnrun("data", "export", SPEC, "--to", "idx", "--out", folder)
        files = f"use: idx, images: {folder}/images-idx3-ubyte, labels: {folder}/labels-idx1-ubyte"
        with open(f"{folder}/labels-idx1-ubyte", "rb") as file:
            labels = file.read()[8:]
        with open(f"{folder}/images-idx3-ubyte", "rb") as file:
            pixels = file.read()[16:]
        for part, begin, end in (("samples: 150", 0, 150), ("offset: 450", 450, 600),
                                 ("offset: 101, samples: 99", 101, 200)):
            stats = self.stats(f"data.train={{{files}, {part}}}")["train"]
            self.assertEqual(stats["samples"], end - begin)
            self.assertEqual([c["samples"] for c in stats["classes"]],
                             [labels[begin:end].count(c) for c in range(10)])
            own = pixels[784 * begin:784 * end]
            self.assertAlmostEqual(stats["inputs"][0]["mean"], sum(own) / len(own), places=9)
        for part, word in (("offset: 600", "offset is 600, but there are only 600 samples"),
                           ("offset: 590, samples: 11", "11 samples are asked for, but there are only 10")):
            result = self.run_nnrun("data", "stats", SPEC, f"data.train={{{files}, {part}}}", code=3)
            self.assertIn(word, result.stdout)

    def test_sheet_is_a_picture(self):
        for name, magic in (("s.jpg", b"\xff\xd8"), ("s.png", b"\x89PNG")):
            for transforms in ("[]", "[{use: elastic}]"):
                self.run_nnrun("data", "stats", SPEC, f"data.transforms={transforms}", "--sheet",
                               self.path(name))
                with open(self.path(name), "rb") as file:
                    self.assertTrue(file.read().startswith(magic))
        self.run_nnrun("data", "stats", SPEC, "--sheet", self.path("s.gif"), code=2)

    # ---- The same bits, whatever the way ----

    def test_cache_and_threads_change_no_bit(self):
        transforms = "data.transforms=[{use: affine}, {use: elastic}]"
        plain, log = self.train("none", "data.cache=none", "--threads", "1")
        self.assertNotIn("(cached)", log)
        self.assertFalse(os.path.exists(self.path("cache")))
        cold, log = self.train("cold", "--threads", "2")
        self.assertNotIn("(cached)", log)
        warm, log = self.train("warm", "--threads", "3")
        self.assertIn("(cached)", log)
        self.assertEqual(plain, cold)
        self.assertEqual(plain, warm)
        moved = [self.train(f"t{threads}", transforms, "--threads", str(threads))[0]
                 for threads in (1, 2, 3)]
        self.assertNotEqual(moved[0], plain)
        self.assertEqual(moved[0], moved[1])
        self.assertEqual(moved[0], moved[2])

    def test_cache_is_listed_and_cleared(self):
        self.train("run")
        self.assertIn("jpeg_folder: 600 samples of 28 x 28 x 1",
                      self.run_nnrun("data", "cache").stdout)
        self.assertIn("2 files removed", self.run_nnrun("data", "cache", "clear").stdout)
        self.assertIn("0 files", self.run_nnrun("data", "cache", "list").stdout)

    def test_cache_that_can_not_be_written_is_done_without(self):
        with open(self.path("cache"), "w"):
            pass
        weights, log = self.train("run")
        self.assertIn("cache: ", log)
        self.assertIn("going on without it", log)
        os.unlink(self.path("cache"))
        self.assertEqual(weights, self.train("again")[0])

    def test_killed_while_the_cache_is_written(self):
        plain, _ = self.train("plain", "data.cache=none")
        generator = random.Random(1)
        for k in range(8):
            shutil.rmtree(self.path("cache"), True)
            process = subprocess.Popen([NNRUN, "run", SPEC, "--out", self.path("killed"), "--quiet"],
                                       env=self.environment, stderr=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL)
            time.sleep(generator.uniform(0.005, 0.12))
            process.send_signal(signal.SIGKILL)
            process.wait()
            if k % 4 == 3:
                self.assertEqual(plain, self.train(f"after{k}")[0])

    # ---- Real folders ----

    def test_what_real_folders_hold_never_hangs(self):
        train = self.copy_sample()
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        os.chdir(os.path.join(train, "0"))
        server.bind("socket.jpg")
        os.chdir(self.folder)
        os.mkfifo(os.path.join(train, "1", "fifo.jpg"))
        os.symlink("/dev/zero", os.path.join(train, "2", "zero.jpg"))
        os.symlink("loop.jpg", os.path.join(train, "3", "loop.jpg"))
        os.symlink("..", os.path.join(train, "4", "up"))
        os.mkdir(os.path.join(train, "5", "folder.jpg"))
        with open(os.path.join(train.encode(), b"6", b"\xff\n.jpg"), "wb") as file:
            file.write(b"text")
        with open(os.path.join(train, "7", "._00001.jpg"), "wb") as file:
            file.write(b"AppleDouble")
        with open(os.path.join(train, ".DS_Store"), "wb") as file:
            file.write(b"x")
        os.mkdir(os.path.join(train, ".git"))
        result = self.run_nnrun("data", "check", SPEC, f"data.train.path={train}", code=3,
                                timeout=30)
        for part in ("socket.jpg: it is a socket, not a file", "fifo.jpg: it is a FIFO, not a file",
                     "zero.jpg: it is a device, not a file", "loop.jpg: it is a link to nothing",
                     "6/\\xff\\x0a.jpg: Not a JPEG file"):
            self.assertIn(part, result.stdout)
        for part in ("hidden files or folders", "links to folders already read"):
            self.assertIn(part, result.stderr)

    # ---- trouble of the machine ----

    def trouble(self, **variables):
        """An environment in which reading goes wrong; None where nothing can be preloaded (sanitizers)."""
        library = os.path.join(BUILD, "tests", "trouble.so")
        with open(NNRUN, "rb") as file:
            if not os.path.exists(library) or b"__asan_init" in file.read():
                self.skipTest("nothing can be preloaded here")
        return {"LD_PRELOAD": library, **variables}

    def test_an_io_error_is_no_bad_file(self):
        train = self.copy_sample()
        name = sorted(os.listdir(os.path.join(train, "3")))[2]
        skip = (SPEC, f"data.train.path={train}", "data.train.on_bad=skip", "training.epochs=1", "expect=[]")
        with open(os.path.join(train, "4", "bad.jpg"), "w", encoding="ascii") as file:
            file.write("text")
        self.environment.update(self.trouble(NNRUN_TROUBLE_READ=f"3/{name}"))
        done = self.run_nnrun("run", *skip, "--out", self.path("out"), code=1)
        self.assertIn(f"3/{name}: it can't be read: Input/output error", done.stderr)
        self.assertNotIn("left out", done.stderr)
        # Those who list what is wrong list it with the rest.
        listed = self.run_nnrun("data", "check", *skip, code=3)
        self.assertIn(f"3/{name}: it can't be read: Input/output error", listed.stdout)
        self.assertIn("4/bad.jpg: Not a JPEG file", listed.stdout)

    def test_a_decoder_without_memory_is_no_bad_file(self):
        train = self.copy_sample()
        pngs = self.path("pngs")
        self.run_nnrun("data", "export", SPEC, "--to", "png_folder", "--out", pngs, "--quiet")
        cases = [("jpeg_folder", train, "libjpeg"), ("png_folder", pngs, "png_folder.so")]
        if os.environ["NNRUN_TEST_PLUGINS"].startswith("built-in:"):
            cases.pop()  # libpng is called with the program's own allocator, which can't be told from the rest
        for loader, path, library in cases:
            self.environment.update(self.trouble(NNRUN_TROUBLE_MEMORY=library))
            done = self.run_nnrun("run", SPEC, f"data.train={{use: {loader}, path: {path}, on_bad: skip}}",
                                  "data.test=none", "training.epochs=1", "expect=[]", "--out", self.path("out"), code=1)
            self.assertIn("out of memory", done.stderr)
            self.assertNotIn("left out", done.stderr)

    def test_a_file_that_may_not_be_read_is_named(self):
        """As an ordinary user: root may read everything."""
        train = self.copy_sample()
        name = sorted(os.listdir(os.path.join(train, "3")))[2]
        os.chmod(os.path.join(train, "3", name), 0)
        os.chmod(self.folder, 0o755)
        become = []
        if os.geteuid() == 0:
            become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
            if not shutil.which("setpriv") or subprocess.run([*become, NNRUN, "--version"], capture_output=True,
                                                             check=False).returncode != 0:
                self.skipTest("root, and nobody else to become")
        reason = f"3/{name}: it can't be opened: Permission denied"
        for skip, code in (("error", 3), ("skip", 3)):
            done = subprocess.run([*become, NNRUN, "data", "check", SPEC, f"data.train.path={train}",
                                   f"data.train.on_bad={skip}"], env=self.environment, capture_output=True, text=True,
                                  check=False)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(reason, done.stdout)
            self.assertIn("1 bad", done.stdout)
        # One may search the folder and not list it: a file that is named is read all the same.
        shut = self.path("shut")
        shutil.copytree(os.path.join(train, "4"), shut)
        one = os.path.join(shut, sorted(os.listdir(shut))[0])
        results = self.path("results")
        self.run_nnrun("run", SPEC, "--out", results, "training.epochs=1", "expect=[]", "--quiet")
        os.chmod(shut, 0o711)
        (run,) = os.listdir(os.path.join(results, "sample"))
        done = subprocess.run([*become, NNRUN, "predict", os.path.join(results, "sample", run), one],
                              env=self.environment, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(one, done.stdout)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)
