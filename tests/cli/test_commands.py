# SPDX-License-Identifier: MIT
"""Commands, their help, and what they find on this machine."""
import re

from nnrun import Case, DONE, PLUGINS, SOURCE, USAGE, main

COMMANDS = ["run", "check", "resume", "plugins", "show", "doctor"]


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
        for command in ("run", "check", "resume", "show"):
            with self.subTest(command=command):
                self.assert_exit(self.nnrun(command), USAGE)


class Plugins(Case):
    def test_every_plugin_that_was_built_is_listed_under_its_kind(self):
        done = self.assert_exit(self.nnrun("plugins"), DONE)
        built = sorted(path for path in PLUGINS.glob("*/*.so"))
        self.assertGreater(len(built), 10)
        for path in built:
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
        for path in sorted(PLUGINS.glob("*/*.so")):
            with self.subTest(plugin=path.stem):
                done = self.assert_exit(self.nnrun("plugins", "show", f"{path.parent.name}/{path.stem}"), DONE)
                self.assertGreaterEqual(len(done.stdout.splitlines()), 3)

    def test_an_unknown_plugin_is_answered_with_the_nearest(self):
        done = self.nnrun("plugins", "show", "sigmod")
        self.assertNotEqual(done.returncode, DONE)
        self.assertIn("sigmoid", done.stderr)


class Doctor(Case):
    def test_doctor_names_versions_threads_and_plugins(self):
        done = self.assert_exit(self.nnrun("doctor"), DONE)
        for word in ("nnrun", "HDF5", "threads", "instruction set", str(PLUGINS), "sigmoid"):
            self.assertIn(word.lower(), done.stdout.lower())


if __name__ == "__main__":
    main()
