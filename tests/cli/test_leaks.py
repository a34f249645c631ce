# SPDX-License-Identifier: MIT
"""A short run under valgrind: nothing lost, nothing read that was not written."""
import os
import shutil
import unittest

from nnrun import BINARY, Case, DONE, main

sanitized = b"__asan_init" in open(BINARY, "rb").read() or b"__tsan_init" in open(BINARY, "rb").read()


@unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
@unittest.skipIf(sanitized, "a sanitizer and valgrind exclude each other")
class Leaks(Case):
    wrapper = ("valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite,indirect",
               "--errors-for-leak-kinds=definite,indirect", "--num-callers=30",
               f"--suppressions={os.path.dirname(os.path.abspath(__file__))}/valgrind.supp")

    def test_a_run_and_its_resumption(self):
        self.spec("epochs: 3", "epochs: 2")
        self.assert_exit(self.nnrun("run", "small.yaml", "--until", 1, "--threads", 2, wrapper=self.wrapper), DONE)
        self.assert_exit(self.nnrun("resume", "small", wrapper=self.wrapper), DONE)

    def test_a_refused_spec(self):
        self.spec("rate: 0.5", "rat: 0.5")
        self.assert_exit(self.nnrun("check", "small.yaml", wrapper=self.wrapper), 2)

    def test_looking_around(self):
        for command in (["plugins"], ["doctor"], ["--help"], ["results", "."]):
            self.assert_exit(self.nnrun(*command, wrapper=self.wrapper), DONE)


if __name__ == "__main__":
    main()
