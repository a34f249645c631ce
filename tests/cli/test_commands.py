# SPDX-License-Identifier: MIT
"""Commands, their help, and what they find on this machine."""
import re
import shutil
import subprocess
import unittest

from nnrun import BINARY, Case, DONE, PLUGINS, SOURCE, USAGE, main

COMMANDS = ["run", "check", "resume", "plugins", "show", "results", "compare", "export", "doctor"]


class Help(Case):
    def test_version_is_that_of_the_header(self):
        header = (SOURCE / "include/nnrun/version.h").read_text()
        version = re.search(r'#define NNRUN_VERSION "([^"]+)"', header).group(1)
        done = self.assert_exit(self.nnrun("--version"), DONE)
        self.assertTrue(done.stdout.startswith(f"nnrun {version}"), done.stdout)

    def test_help_lists_every_command(self):
        done = self.assert_exit(self.nnrun("--help"), DONE)
        for command in COMMANDS:
            self.assertRegex(done.stdout, rf"(?m)^\s*(nnrun )?{command}\b")

    def test_every_command_that_help_lists_answers_help_on_stdout(self):
        listed = re.findall(r"(?m)^  (?:nnrun )?([a-z]+)\b", self.nnrun("--help").stdout)
        for command in sorted(set(listed) | set(COMMANDS)):
            with self.subTest(command=command):
                done = self.assert_exit(self.nnrun(command, "--help"), DONE)
                self.assertIn(f"nnrun {command}", done.stdout)
                self.assertEqual(done.stderr, "")

    def test_help_keeps_to_100_columns(self):
        for words in ([], *([command] for command in COMMANDS)):
            for line in self.nnrun(*words, "--help").stdout.splitlines():
                self.assertLessEqual(len(line), 100, line)

    def test_nothing_at_all_is_refused_with_the_usage(self):
        self.assert_exit(self.nnrun(), USAGE, "nnrun")

    def test_an_unknown_option_is_refused_by_name(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                self.assert_exit(self.nnrun(command, "--bogus"), USAGE, "--bogus")

    def test_a_misspelt_command_is_answered_with_the_nearest(self):
        self.assert_exit(self.nnrun("resum", "results/small"), USAGE, "resume")

    def test_a_missing_argument_is_refused(self):
        for command in ("run", "check", "resume", "show", "compare", "export"):
            with self.subTest(command=command):
                self.assert_exit(self.nnrun(command), USAGE)


# One source, one component.
CATALOGUE = sorted(path for path in SOURCE.glob("plugins/*/*.c") if path.parent.name != "template")


class Plugins(Case):
    def test_every_component_is_listed_under_its_kind(self):
        done = self.assert_exit(self.nnrun("plugins"), DONE)
        self.assertGreater(len(CATALOGUE), 10)
        for path in CATALOGUE:
            with self.subTest(plugin=str(path)):
                self.assertRegex(done.stdout, rf"(?m)^\s*{path.stem}\b")

    def test_a_kind_alone_lists_its_own(self):
        done = self.assert_exit(self.nnrun("plugins", "optimizer"), DONE)
        self.assertRegex(done.stdout, r"\bsgd\b")
        self.assertNotRegex(done.stdout, r"\bsigmoid\b")

    def test_show_names_every_parameter(self):
        done = self.assert_exit(self.nnrun("plugins", "show", "sgd"), DONE)
        for word in ("rate", "momentum", "nesterov"):
            self.assertIn(word, done.stdout)

    def test_show_of_every_plugin_has_summary_and_source(self):
        for path in CATALOGUE:
            with self.subTest(plugin=path.stem):
                done = self.assert_exit(self.nnrun("plugins", "show", f"{path.parent.name}/{path.stem}"), DONE)
                self.assertGreaterEqual(len(done.stdout.splitlines()), 3)

    def test_an_unknown_plugin_is_answered_with_the_nearest(self):
        done = self.nnrun("plugins", "show", "sigmod")
        self.assertNotEqual(done.returncode, DONE)
        self.assertIn("sigmoid", done.stderr)


class Start(Case):
    def opened(self, *words):
        """The files that a call opens, or tries to."""
        done = self.assert_exit(self.nnrun(*words, wrapper=["strace", "-f", "-qq", "-e", "trace=open,openat"],
                                           ASAN_OPTIONS="detect_leaks=0"), DONE)
        return re.findall(r'open(?:at)?\([^"]*"([^"]*)"', done.stderr)

    def test_the_working_folder_is_no_place_for_libraries(self):
        shared = subprocess.run(["ldd", BINARY], capture_output=True, text=True).stdout
        names = re.findall(r"^\s*(\S+) => /", shared, re.MULTILINE)
        self.assertTrue(any("hdf5" in name for name in names), shared)
        for name in names:
            self.write(name, "no library")
        self.assert_exit(self.nnrun("--version"), DONE)

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_the_version_opens_no_plugin(self):
        self.assertEqual([path for path in self.opened("--version") if "plugins" in path], [])

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_a_run_opens_the_plugins_it_names_and_no_other(self):
        libraries = {path for path in self.opened("run", self.spec(), "training.epochs=1")
                     if path.startswith(str(PLUGINS)) and path.endswith(".so")}
        named = {"loader/jpeg_folder", "activation/sigmoid", "cost/binary_cross_entropy", "optimizer/sgd",
                 "initializer/scaled_normal", "initializer/zeros"}
        opened = set() if str(PLUGINS).startswith("built-in:") else {f"{PLUGINS}/{name}.so" for name in named}
        self.assertEqual(libraries, opened)


class Doctor(Case):
    def test_doctor_names_versions_threads_and_plugins(self):
        done = self.assert_exit(self.nnrun("doctor"), DONE)
        for word in ("nnrun", "HDF5", "threads", "instruction set", str(PLUGINS), "sigmoid"):
            self.assertIn(word.lower(), done.stdout.lower())


if __name__ == "__main__":
    main()
