#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""layers.py is itself held to what it promises: each breach of the rule, in a small house of its own, is named."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import layers  # noqa: E402

HOUSE = {
    "CMakeLists.txt": """
nnrun_add_layer(base LINK PkgConfig::xxhash m)
nnrun_add_layer(spec USES base LINK PkgConfig::yaml)
nnrun_add_layer(math USES base LINK PkgConfig::openblas)
nnrun_add_layer(net USES base math)
""",
    "include/nnrun/real.h": "#include <math.h>\n#include <nnrun/status.h>\n",
    "include/nnrun/status.h": "#include <stddef.h>\n",
    "core/base/hash.h": "#include <nnrun/status.h>\n#include <stdint.h>\n",
    "core/base/hash.c": '#include "base/hash.h"\n#include <xxhash.h>\n#include <sys/stat.h>\n',
    "core/spec/parse.c": '#include "base/hash.h"\n#include <yaml.h>\n',
    "core/spec/parse.h": "",
    "core/math/gemm.h": "",
    "core/net/real/forward.c": '#include "math/gemm.h"\n/* #include <yaml.h> */\n',
    "plugins/loader/CMakeLists.txt": "nnrun_add_plugin(loader idx LINK PkgConfig::zlib)\nnnrun_add_plugin(loader plain)\n",
    "plugins/loader/idx.c": "#include <nnrun/real.h>\n#include <zlib.h>\n",
    "plugins/loader/plain.c": '#include "folder.h"\n',
    "plugins/loader/folder.h": "",
}


class Layers(unittest.TestCase):
    def complaints(self, **changed):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**HOUSE, **{key: value for key, value in changed.pop("files", {}).items()}}.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return layers.check(folder)[0]

    def assert_named(self, path, text, *words):
        complaints = self.complaints(files={path: text})
        self.assertEqual(len(complaints), 1, complaints)
        for word in words:
            self.assertIn(word, complaints[0])

    def test_a_sound_house_has_no_complaints(self):
        self.assertEqual(self.complaints(), [])

    def test_a_room_above_is_named_with_file_and_line(self):
        self.assert_named("core/base/log.c", '#include <stdio.h>\n#include "spec/parse.h"\n',
                          "core/base/log.c:2:", "spec/parse.h")

    def test_a_room_beside_is_named(self):
        self.assert_named("core/net/real/walk.c", '#include "spec/parse.h"\n', "core/net/real/walk.c:1:")

    def test_a_library_of_another_room_is_named(self):
        self.assert_named("core/net/net.c", "#include <cblas.h>\n", "cblas.h", "PkgConfig::openblas")

    def test_a_header_only_library_outside_base_is_named(self):
        self.assert_named("core/net/net.c", "#include <uthash.h>\n", "uthash.h", "base")

    def test_an_unknown_library_is_named(self):
        self.assert_named("core/net/net.c", "#include <mkl.h>\n", "mkl.h")

    def test_a_header_that_is_not_there_is_named(self):
        self.assert_named("core/net/net.c", '#include "math/nothing.h"\n', "does not exist")

    def test_a_folder_without_a_layer_is_named(self):
        self.assert_named("core/attic/old.c", "", "core/attic")

    def test_a_plugin_that_looks_into_core_is_named(self):
        self.assert_named("plugins/loader/plain.c", '#include "../../core/base/hash.h"\n', "plugins/loader/plain.c:1:")

    def test_a_plugin_that_includes_what_it_does_not_link_is_named(self):
        self.assert_named("plugins/loader/plain.c", "#include <zlib.h>\n", "loader/plain", "PkgConfig::zlib")

    def test_a_public_header_with_a_system_header_is_named(self):
        self.assert_named("include/nnrun/real.h", "#include <pthread.h>\n", "include/nnrun/real.h:1:")

    def test_a_library_in_two_rooms_is_named(self):
        text = HOUSE["CMakeLists.txt"].replace("nnrun_add_layer(net USES base math)",
                                               "nnrun_add_layer(net USES base math LINK PkgConfig::yaml)")
        self.assert_named("CMakeLists.txt", text, "PkgConfig::yaml", "spec and net")

    def test_a_room_that_uses_one_above_is_named(self):
        text = HOUSE["CMakeLists.txt"].replace("nnrun_add_layer(base LINK", "nnrun_add_layer(base USES spec LINK")
        self.assert_named("CMakeLists.txt", text, "base uses spec")


if __name__ == "__main__":
    unittest.main()
