# SPDX-License-Identifier: MIT
"""What cpack makes: a .deb that names what it needs and that lintian has no error for, and a .tar.gz that works where it is
unpacked.

    test_packages.py CPACK
"""
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

BUILD = Path(os.environ["NNRUN_TEST_BUILD"])
CPACK = sys.argv.pop(1)
INSTALLED = [
    "bin/nnrun", "include/nnrun/plugin.h", "lib/nnrun/plugins/activation/tanh.so", "lib/cmake/nnrun/nnrunConfig.cmake",
    "lib/pkgconfig/nnrun.pc", "share/nnrun/template/my_cost.c", "share/nnrun/template/my_loader.csv", "share/nnrun/spec.schema.json",
    "share/nnrun/experiments/sample.yaml", "share/man/man1/nnrun.1.gz", "share/man/man1/nnrun-plugins.1.gz",
    "share/bash-completion/completions/nnrun", "share/fish/vendor_completions.d/nnrun.fish", "share/doc/nnrun/copyright",
    "share/doc/nnrun/docs/PLUGINS.md",
]


def ask(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=300, **more).stdout


@unittest.skipUnless(shutil.which("dpkg-deb") and shutil.which("dpkg-shlibdeps"), "dpkg-dev is missing")
class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="nnrun-packages-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        ask(CPACK, "--config", BUILD / "CPackConfig.cmake", "-B", cls.folder / "made", cwd=cls.folder)
        cls.deb, = cls.folder.glob("made/*.deb")
        cls.archive, = cls.folder.glob("made/*.tar.gz")

    def test_the_deb_holds_what_is_installed_below_usr(self):
        held = re.findall(r" \.(/\S+)$", ask("dpkg-deb", "-c", self.deb), re.MULTILINE)
        for name in [*INSTALLED, "share/zsh/vendor-completions/_nnrun"]:
            self.assertIn(f"/usr/{name}", held)
        self.assertEqual([name for name in held if not name.startswith("/usr/")], [])

    def test_the_deb_depends_on_the_libraries_of_program_and_plugins(self):
        needed = ask("dpkg-deb", "-f", self.deb, "Depends")
        for library in ("libc6", "libhdf5", "libjpeg", "libpng", "libyaml", "libxxhash", "libmd", "zlib"):
            self.assertIn(library, needed)
        self.assertIn("gcc", ask("dpkg-deb", "-f", self.deb, "Recommends"))

    @unittest.skipUnless(shutil.which("lintian"), "lintian is missing")
    def test_lintian_finds_no_error(self):
        done = subprocess.run(["lintian", "--fail-on", "error", self.deb], capture_output=True, text=True, timeout=300,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_the_archive_works_where_it_is_unpacked(self):
        with tarfile.open(self.archive) as archive:
            archive.extractall(self.folder / "here")
        prefix, = (self.folder / "here").iterdir()
        for name in [*INSTALLED, "share/zsh/site-functions/_nnrun"]:
            self.assertTrue((prefix / name).is_file(), name)
        environment = {"HOME": str(self.folder), "PATH": "/usr/bin:/bin"}
        said = ask(prefix / "bin/nnrun", "run", prefix / "share/nnrun/experiments/sample.yaml", "training.epochs=1",
                   "expect=[]", "--out", "runs", cwd=self.folder, env=environment)
        self.assertIn("runs/sample/", said)


if __name__ == "__main__":
    unittest.main()
