# SPDX-License-Identifier: MIT
"""What a sweep shows of itself: pictures, the display of its progress, the job array it would submit."""
import importlib.util
import os
import pty
import re
import shutil
import struct
import subprocess
import unittest
import xml.etree.ElementTree
from pathlib import Path

from sweeps_case import SWEEP, Case, main


@unittest.skipUnless(importlib.util.find_spec("matplotlib"), "python3-matplotlib is not installed")
class Pictures(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = cls.make_once(SWEEP.replace("axes:", "axes:\n  network.layers.0.activation: [tanh, relu]"))

    def setUp(self):
        self.folder = self.made.folder

    def test_every_kind_is_drawn_as_png_and_svg(self):
        for words in (["parallel"], ["axis", "rate"], ["axes", "training.optimizer.rate", "units"], ["axes", "units", "activation"],
                      ["curves", "--top", "3"]):
            with self.subTest(words=words):
                self.sweep("plot", "out", *words, "-o", "a.png")
                data = (self.folder / "a.png").read_bytes()
                self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
                self.assertGreaterEqual(min(struct.unpack(">II", data[16:24])), 400)
                self.sweep("plot", "out", *words, "-o", "a.svg")
                xml.etree.ElementTree.fromstring((self.folder / "a.svg").read_bytes())

    def test_equal_sweeps_give_equal_pictures(self):
        for name in ("a.svg", "b.svg"):
            self.sweep("plot", "out", "curves", "-o", name)
        self.assertEqual((self.folder / "a.svg").read_bytes(), (self.folder / "b.svg").read_bytes())

    def test_a_picture_says_what_it_shows(self):
        self.sweep("plot", "out", "axes", "rate", "activation", "-o", "a.svg")
        text = (self.folder / "a.svg").read_text()
        for word in ("training.optimizer.rate", "activation tanh", "activation relu", "validation.accuracy", "standard deviation",
                     "3 repeats"):
            self.assertIn(word, text)

    def test_error_bars_are_the_standard_deviations_of_the_table(self):
        from sweeps import folder, plot, session
        pictured = plot.Pictured(session.Session(folder.Folder(str(self.folder / "out"))).board)
        figure = plot.draw_axis(pictured, ["rate"], 0)
        bars = figure.axes[0].containers[0]
        rows = self.table()["points"]
        for (x, y), segment in zip(bars.lines[0].get_xydata(), bars.lines[2][0].get_segments()):
            best = max((row for row in rows if float(row["values"]["training.optimizer.rate"]) == x), key=lambda row: row["mean"])
            self.assertAlmostEqual(y, best["mean"], places=12)
            self.assertAlmostEqual((segment[1][1] - segment[0][1]) / 2, best["sd"], places=12)

    def test_wrong_words_are_refused(self):
        for words, told in ((["axis", "rat", "-o", "a.png"], "no axis that varies"), (["axis", "-o", "a.png"], "wants one axis"),
                            (["axes", "rate", "-o", "a.png"], "wants two axes"), (["parallel", "-o", "a.gif"], ".png, .svg"),
                            (["parallel", "-o", "nowhere/a.png"], "nowhere/a.png")):
            done = subprocess.run(self.words(["plot", "out", *words]), cwd=self.folder, env=self.environment(), capture_output=True,
                                  text=True, timeout=60, check=False)
            self.assertIn(done.returncode, (1, 2))
            self.assertIn(told, done.stderr)
            self.assertNotIn("Traceback", done.stderr)


class Progress(Case):
    def test_plain_lines_where_stderr_is_no_terminal(self):
        self.write()
        told = self.sweep("run", "s.yaml", "--out", "out").stderr
        self.assertNotIn("\r", told)
        self.assertNotIn("\033", told)
        self.assertEqual(len(re.findall(r"(?m)^sweep: \d+/12  [0-9a-f]{8}  done  validation.accuracy", told)), 12)

    def test_on_a_terminal_one_line_is_drawn_anew(self):
        self.write()
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        process = subprocess.Popen(self.words(["run", "s.yaml", "--out", "out"]), cwd=self.folder, stderr=follower,
                                   env={**self.environment(), "TERM": "xterm", "COLUMNS": "120"}, stdin=subprocess.DEVNULL)
        os.close(follower)
        told = b""
        while True:
            try:
                piece = os.read(leader, 4096)
            except OSError:  # the other end is closed
                break
            told += piece
        self.assertEqual(process.wait(60), 0)
        line = re.findall(rb"\r\033\[K(\d+/12 ended, [^\r]*)", told)[-1].decode()
        for word in ("running", "best 0.", "left"):
            self.assertIn(word, line)


class JobArray(Case):
    def setUp(self):
        super().setUp()
        self.write()
        self.sweep("run", "s.yaml", "--quiet", "--out", "results/sweeps/s")
        shutil.rmtree(self.folder / "results/sweeps/s/trials")

    def script(self, *words):
        return Path(self.sweep("slurm", "s", "--dry-run", *words).stdout.strip()).read_text()

    def test_each_job_is_a_sweeper_of_the_folder(self):
        text = self.script("--jobs", 7, "--threads", 2, "--sbatch=--partition=night", "--sbatch=--time=60")
        for line in ("#SBATCH --array=1-7", "#SBATCH --cpus-per-task=2", "#SBATCH --requeue", "#SBATCH --partition=night", "#SBATCH --time=60"):
            self.assertIn(line, text.splitlines())
        self.assertIn(f"resume {self.folder.resolve()}/results/sweeps/s --jobs 1 --threads 2 --no-wait", text)
        self.assertIn("#SBATCH --array=1-12", self.script())  # as many as trials are open

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_shellcheck_finds_nothing(self):
        self.script()
        done = subprocess.run(["shellcheck", self.folder / "results/sweeps/s/slurm.sh"], capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout, "")

    def test_without_sbatch_it_says_what_to_do(self):
        bare = self.folder / "bin"
        bare.mkdir()
        done = subprocess.run(self.words(["slurm", "s"]), cwd=self.folder, env={**self.environment(), "PATH": str(bare)},
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("submit it where Slurm is", done.stderr)


if __name__ == "__main__":
    main()
