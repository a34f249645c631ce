# SPDX-License-Identifier: MIT
"""Manual pages and completions as scripts/manuals makes them: each command and option that --help tells is told there, the
pages are good troff, and each shell offers commands, options, keys of a spec, plugins and runs."""
import os
import pty
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SOURCE, BINARY = Path(os.environ["NNRUN_TEST_SOURCE"]), Path(os.environ["NNRUN_TEST_BINARY"])
# A line typed so far, and a word that must be offered for it.
LINES = {
    "nnrun resu": "resume",
    "nnrun run --thr": "--threads",
    "nnrun run a.yaml training.opt": "training.optimizer=",
    "nnrun plugins che": "check",
    "nnrun plugins show sigm": "sigmoid",
    "nnrun data expo": "export",
    "nnrun show first": "first-run",
    "nnrun a.yaml training.opt": "training.optimizer=",
    "nnrun run a.yaml network.layers.0.act": "network.layers.0.activation=",
}
# A line typed so far, and a value that must be offered for its key; nothing of another kind may be.
VALUES = {
    "nnrun run a.yaml training.optimizer=ada": "adam",
    "nnrun a.yaml training.optimizer.use=": "sgd",
    "nnrun check a.yaml network.layers.2.activation=lea": "leaky_relu",
    "nnrun run a.yaml data.train=": "idx",
    "nnrun run a.yaml data.test=": "none",
    "nnrun run a.yaml data.normalize=st": "standardize",
}


def value(word):
    """What is behind the = of a word that may have one."""
    return word.rpartition("=")[2]


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"{program} is missing")


class Manuals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = Path(tempfile.mkdtemp(prefix="nnrun-manuals-"))
        cls.addClassCleanup(shutil.rmtree, cls.root)
        subprocess.run([SOURCE / "scripts/manuals", "--binary", BINARY, cls.root / "made"], check=True)
        (cls.root / "results/first-run").mkdir(parents=True)
        listing = subprocess.run([BINARY, "--help"], capture_output=True, text=True, check=True).stdout
        cls.commands = [line.split()[0] for line in listing.partition("commands:\n")[2].partition("\n\n")[0].splitlines()]

    def ask(self, *words, stdin=None):
        path = f"{BINARY.parent}:{os.environ['PATH']}"
        done = subprocess.run(words, cwd=self.root, env={**os.environ, "PATH": path, "HOME": str(self.root)}, input=stdin,
                              capture_output=True, text=True, timeout=60, check=False)
        return done.stdout

    def test_each_command_has_a_page_with_each_of_its_options(self):
        self.assertIn("run", self.commands)
        for command in self.commands:
            page = (self.root / f"made/man/nnrun-{command}.1").read_text().replace("\\-", "-")
            told = subprocess.run([BINARY, command, "--help"], capture_output=True, text=True, check=True).stdout
            for line in told.partition("\noptions:\n")[2].splitlines():
                self.assertIn(line.split()[0], page, command)

    def test_a_page_has_the_whole_usage_and_hangs_what_it_explains(self):
        page = (self.root / "made/man/nnrun-plugins.1").read_text()
        self.assertIn("build FILE|DIR", page.replace("\\-", "-"))
        self.assertIn(".TP\n.B check\nholds a plugin", page)

    def test_a_page_has_the_own_help_of_each_subcommand(self):
        page = (self.root / "made/man/nnrun-plugins.1").read_text().replace("\\-", "-")
        listed = page.partition(".SH SUBCOMMANDS\n")[2].split(".SS ")[1:]
        self.assertEqual([part.split()[2] for part in listed], ["show", "check", "new", "build"])
        for part in listed:
            told = subprocess.run([BINARY, "plugins", part.split()[2], "--help"], capture_output=True, text=True, check=True).stdout
            usage, _, rest = told.removeprefix("usage: ").partition("\n\n")
            text, _, options = rest.partition("\noptions:\n")
            self.assertEqual(part.splitlines()[0], usage)
            for line in text.splitlines():
                self.assertIn(line, part)
            for line in options.splitlines():
                self.assertIn(f"\n{re.split('  +', line)[-1]}\n", part)
        self.assertNotIn("SUBCOMMANDS", (self.root / "made/man/nnrun-run.1").read_text())

    @needs("mandoc")
    def test_mandoc_has_nothing_to_say(self):
        pages = sorted((self.root / "made/man").glob("*.1"))
        self.assertEqual(len(pages), len(self.commands) + 1)
        self.assertEqual(self.ask("mandoc", "-T", "lint", "-W", "warning", *pages), "")

    def test_bash_completes(self):
        lines = [*LINES, *VALUES, *(line.replace("=", " = ") for line in VALUES)] # = breaks words or not
        asked = """shopt -s extglob; . made/completions/nnrun.bash
while read -r -a COMP_WORDS; do COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=(); _nnrun 2> /dev/null; echo "${COMPREPLY[*]}"
done"""
        said = self.ask("bash", "-c", asked, stdin="".join(f"{line}\n" for line in lines)).splitlines()
        for line, offered in zip([*LINES.items(), *VALUES.items(), *VALUES.items()], said, strict=True):
            words = offered.split()
            self.assertIn(line[1], map(value, words) if line[0] in VALUES else words, line)
            self.assertNotIn("uniform", map(value, words), line)

    def test_bash_writes_keys_and_values_as_they_are_read(self):
        """Typed at a prompt: = breaks words there, and what looks like a file's name gets backslashes."""
        rc = self.root / "rc"
        rc.write_text("bind 'set enable-bracketed-paste off'; shopt -s extglob; . made/completions/nnrun.bash; PS1='ready> '\n")
        shell, terminal = pty.fork()
        if shell == 0:
            os.chdir(self.root)
            os.environ.update(PATH=f"{BINARY.parent}:{os.environ['PATH']}", TERM="dumb", HOME=str(self.root))
            os.execlp("bash", "bash", "--noprofile", "--rcfile", str(rc), "-i")
        typed = ("nnrun run a.yaml training.opt\tsg\tdata.normalize=st\t", "nnrun a.yaml data.train.path=resu\t")
        said = b""
        with os.fdopen(terminal, "r+b", buffering=0) as prompt:
            while b"ready> " not in said:
                some = self.read(prompt)
                self.assertTrue(some, said)
                said += some
            prompt.write("".join(f"{line}\x15" for line in typed).encode() + b"exit\n")
            while (some := self.read(prompt)):
                said += some
        os.waitpid(shell, 0)
        self.assertIn(b"training.optimizer=sgd data.normalize=standardize ", said)
        self.assertIn(b"data.train.path=results/", said)

    @staticmethod
    def read(terminal):
        try:
            return terminal.read(4096)
        except OSError:  # the other end is closed
            return b""

    @needs("fish")
    def test_fish_completes(self):
        for line, word in LINES.items():
            said = self.ask("fish", "-c", f"source made/completions/nnrun.fish; complete -C '{line}'")
            self.assertIn(word, re.split(r"[\t\n]", said), line)
        for line, word in VALUES.items():
            said = self.ask("fish", "-c", f"source made/completions/nnrun.fish; complete -C '{line}'")
            self.assertIn(word, map(value, said.split()), line)
            self.assertNotIn("uniform", map(value, said.split()), line)

    @needs("zsh")
    def test_zsh_completes(self):
        script = Path(__file__).with_name("complete.zsh")
        said = self.ask("zsh", "-f", script, self.root / "made/completions", *LINES, *VALUES)
        for line, word in LINES.items():
            offered = said.partition(f"== {line}\n")[2].partition("==")[0].split()
            self.assertIn(word.rstrip("="), offered, line)
        for line, word in VALUES.items():
            offered = said.partition(f"== {line}\n")[2].partition("== ")[0].split()
            self.assertIn(word, map(value, offered), line)
            self.assertNotIn("uniform", offered, line)


if __name__ == "__main__":
    unittest.main()
