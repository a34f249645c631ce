# SPDX-License-Identifier: MIT
"""The spec at the command line: hostile files, render, --dry-run and check --each."""
import json
import os
import re
import resource
import subprocess
import tempfile
import unittest
from pathlib import Path

BINARY = os.environ["NNRUN_TEST_BINARY"]
SANITIZED = b"__asan_init" in Path(BINARY).read_bytes()
SPEC = """\
nnrun: 1
name: blobs
data:
  train: {use: synthetic, task: blobs, classes: 3, samples: 600}
  validation: {count: 100}
network:
  layers: [{units: 8, activation: sigmoid}, {units: classes, activation: sigmoid}]
  cost: binary_cross_entropy
training: {epochs: 2, batch_size: 10, optimizer: {use: sgd, rate: 5e-1}}
"""


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "spec.yaml").write_text(SPEC)

    def nnrun(self, *words, stdin=""):
        return subprocess.run([BINARY, *map(str, words)], cwd=self.folder, capture_output=True, timeout=100,
                              input=stdin.encode() if isinstance(stdin, str) else stdin)

    def good(self, *words, stdin=""):
        done = self.nnrun(*words, stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()


class Hostile(Case):
    def refused(self, path, *parts, stdin=""):
        done = self.nnrun("check", "--quiet", path, stdin=stdin)
        text = done.stderr.decode()  # valid UTF-8, whatever the file holds
        self.assertEqual(done.returncode, 2, text)
        self.assertEqual(text.count(" error: "), 1, text)
        self.assertNotRegex(text, r"[\x00-\x09\x0b-\x1f\x7f]")
        for part in parts:
            self.assertIn(part, text)

    def write(self, data):
        (self.folder / "bad.yaml").write_bytes(data)
        return "bad.yaml"

    def test_what_is_no_spec_is_refused_in_one_line_with_its_place(self):
        os.mkfifo(self.folder / "fifo")
        for path, part in [(".", "a folder"), ("fifo", "fifo: error: "), ("/dev/zero", "/dev/zero: error: "),
                           ("nowhere.yaml", "nowhere.yaml: error: ")]:
            self.refused(path, part)
        for data, part in [(b"a: \0", "bad.yaml:1:4: "), (b"a: 1\nb: \xff\xfe", "bad.yaml:2:4: "), (b"", "empty"),
                           (b"- 1\n", "not a mapping"), (b"a:\n\tb: 1\n", "a tab"), (b"a: \x1b]0;x\x07", "control"),
                           (b"nnrun: 1\n---\nnnrun: 1\n", "bad.yaml:2:1: "), (b"[" * 100000, "deeper than 64"),
                           (b"- " * 100000, "deeper than 64"), (b"#" * 2000000, "bad.yaml: error: "),
                           (b"a0: &a0 [x,x]\n" + b"".join(b"a%d: &a%d [*a%d,*a%d]\n" % (i, i, i - 1, i - 1)
                                                          for i in range(1, 40)), "10,000"),
                           (b"%TAG !a! x\n" * 90000, "directive")]:
            self.refused(self.write(data), part)
        self.refused("-", "<stdin>:1:4: ", stdin=b"a: \0")

    @unittest.skipIf(SANITIZED, "sanitizers take memory of their own")
    def test_it_takes_at_most_64_megabytes(self):
        for data in (b"[" * 999999, b"a: " + b"x" * 999000, b"- [1, 2]\n" * 110000, b"k: &a [1]\n" * 90000):
            self.nnrun("check", "--quiet", self.write(data))
        self.nnrun("check", "--quiet", "/dev/zero")
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 64 * 1024)


class Render(Case):
    def test_what_is_rendered_renders_to_itself(self):
        first = self.good("render", "spec.yaml", "seed=3")
        (self.folder / "other.yaml").write_text(first)
        self.assertEqual(self.good("render", "other.yaml"), first)
        self.assertIn("name: blobs\nseed: 3\n", first)
        self.assertIn("momentum: 0", first)

    def test_it_runs_to_the_same_bits(self):
        (self.folder / "resolved.yaml").write_text(self.good("render", "spec.yaml"))
        metrics = []
        for spec, out in (("spec.yaml", "a"), ("resolved.yaml", "b")):
            self.good("run", spec, "--quiet", "--out", out)
            events = next((self.folder / out).glob("blobs/*/events.jsonl")).read_text().splitlines()
            metrics.append([{key: value for key, value in json.loads(line).items() if "seconds" not in key}
                            for line in events])
        self.assertEqual(len(metrics[0]), len(metrics[1]))
        self.assertGreaterEqual(len(metrics[0]), 2)
        self.assertEqual(metrics[0], metrics[1])

    def test_origins_are_told(self):
        text = self.good("render", "--origin", "spec.yaml", "seed=3")
        self.assertRegex(text, r"(?m)^seed: 3  # argument 1$")
        self.assertRegex(text, r"(?m)^precision: float32  # default$")
        self.assertRegex(text, r"(?m)^    rate: 5e-1  # spec\.yaml:9$")
        self.assertRegex(text, r"(?m)^    momentum: 0  # default$")

    def test_the_spec_may_come_from_standard_input(self):
        self.assertIn("seed: 4\n", self.good("render", "-", "seed=4", stdin=SPEC))


class Plan(Case):
    def test_a_dry_run_counts_and_leaves_nothing(self):
        plan = json.loads(self.good("run", "spec.yaml", "--dry-run", "--json"))
        self.assertEqual(plan["parameters"], 8 * 3 + 3 * 9)
        self.assertEqual((plan["train"], plan["validation"], plan["steps"]), (500, 100, 100))
        self.assertIn("sigmoid", self.good("run", "spec.yaml", "--dry-run"))
        self.assertEqual([path.name for path in self.folder.iterdir()], ["spec.yaml"])

    def test_what_check_refuses_has_no_plan(self):
        self.assertEqual(self.nnrun("run", "spec.yaml", "--dry-run", "training.epochs=0").returncode, 2)


class Each(Case):
    def test_each_set_gets_its_hash_or_its_errors(self):
        sets = ['["seed=1"]', "", "# a comment", "[training.epochs=0]", "[threads=2]",
                '["training.optimizer={use: sgd, rate: 0.1}"]', "not a list"]
        done = self.nnrun("check", "spec.yaml", "--each", "-", stdin="\n".join(sets))
        self.assertEqual(done.returncode, 2)
        rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
        self.assertEqual([row[0] for row in rows], ["1", "4", "5", "6", "7"])
        self.assertEqual([row[1] == "refused" for row in rows], [False, True, False, False, True])
        self.assertRegex(rows[0][1], "^[0-9a-f]{32}$")
        self.assertEqual(rows[0][1], rows[2][1])  # neither the default seed nor threads change a result
        self.assertNotEqual(rows[0][1], rows[3][1])
        self.assertIn("training.epochs: 0 is out of range", done.stderr.decode())

    def test_json_says_the_same(self):
        done = self.nnrun("check", "spec.yaml", "seed=9", "--json", "--each", "-", stdin="[]\n[seed=x]\n")
        good, bad = map(json.loads, done.stdout.decode().splitlines())
        self.assertTrue(re.fullmatch("[0-9a-f]{32}", good["hash"]))
        self.assertIsNone(bad["hash"])
        self.assertIn('argument 2:6: error: seed: "x"', bad["text"])

    def test_thousands_of_sets_are_checked(self):
        sets = "".join(f'["seed={i}", "training.l2={i}e-5"]\n' for i in range(2000))
        (self.folder / "sets").write_text(sets)
        rows = self.good("check", "spec.yaml", "--each", "sets").splitlines()
        self.assertEqual(len({row.split("\t")[1] for row in rows}), 2000)


if __name__ == "__main__":
    unittest.main()
