# SPDX-License-Identifier: MIT
"""What cmake/nnrunCommit.cmake writes for a work tree, a changed one, an archive and a plain folder; and that the program
says what was written.

    test_commit.py CMAKE
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE, BUILD = Path(os.environ["NNRUN_TEST_SOURCE"]), Path(os.environ["NNRUN_TEST_BUILD"])
CMAKE = sys.argv.pop(1)
NAMED = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada",
         "GIT_COMMITTER_EMAIL": "ada@example.org", "GIT_CONFIG_GLOBAL": "/dev/null"}


class Commit(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="nnrun-commit-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.tree = self.folder / "tree"
        (self.tree / "cmake").mkdir(parents=True)
        for name in (".gitattributes", "cmake/commit.txt"):
            shutil.copy(SOURCE / name, self.tree / name)

    def git(self, *words):
        return subprocess.run(["git", *words], cwd=self.tree, env={**os.environ, **NAMED}, check=True,
                              capture_output=True, text=True).stdout.strip()

    def commit(self):
        if shutil.which("git") is None:
            self.skipTest("git is missing")
        self.git("init", "-q")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "first")
        return self.git("rev-parse", "HEAD")

    def written(self, tree):
        output = self.folder / "commit.c"
        subprocess.run([CMAKE, f"-DSOURCE={tree}", f"-DOUTPUT={output}", "-P", SOURCE / "cmake/nnrunCommit.cmake"],
                       check=True)
        return re.search(r'return "(.*)";', output.read_text()).group(1)

    def test_a_work_tree_says_its_commit_and_whether_it_was_changed(self):
        head = self.commit()
        self.assertEqual(self.written(self.tree), head)
        stamp = (self.folder / "commit.c").stat().st_mtime_ns
        self.written(self.tree)
        self.assertEqual((self.folder / "commit.c").stat().st_mtime_ns, stamp)
        (self.tree / "cmake/commit.txt").write_text("else\n")
        self.assertEqual(self.written(self.tree), f"{head}-dirty")

    def test_an_archive_says_the_commit_it_was_made_of(self):
        head = self.commit()
        self.git("archive", "--prefix=archive/", "-o", str(self.folder / "archive.tar"), "HEAD")
        shutil.unpack_archive(self.folder / "archive.tar", self.folder)
        self.assertEqual(self.written(self.folder / "archive"), head)

    def test_a_plain_folder_does_not_know_nor_ask_the_repository_around_it(self):
        self.assertEqual(self.written(self.tree), "unknown")
        self.commit()
        inner = self.tree / "inner"
        shutil.copytree(SOURCE / "cmake", inner / "cmake")
        self.assertEqual(self.written(inner), "unknown")

    def test_the_program_says_it(self):
        built = re.search(r'return "(.*)";', (BUILD / "commit.c").read_text()).group(1)
        said = subprocess.run([os.environ["NNRUN_TEST_BINARY"], "doctor"], cwd=self.folder, capture_output=True,
                              text=True, check=False).stdout
        self.assertRegex(said, rf"(?m)^commit +{built}$")


if __name__ == "__main__":
    unittest.main()
