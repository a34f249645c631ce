# SPDX-License-Identifier: MIT
"""`nnrun plugins` as a user meets it: list, show, check, new, build, and sources in a spec.

    NNRUN_TEST_BINARY and NNRUN_TEST_BUILD say what is tested.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

BINARY = os.environ["NNRUN_TEST_BINARY"]
BUILD = os.environ["NNRUN_TEST_BUILD"]
KINDS = ("activation", "cost", "optimizer", "loader", "initializer", "schedule", "transform")


class Plugins(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="nnrun-plugins-")
        self.environment = {key: value for key, value in os.environ.items()
                            if not key.startswith("NNRUN_")}
        self.environment["XDG_CACHE_HOME"] = f"{self.folder}/cache"

    def tearDown(self):
        shutil.rmtree(self.folder)

    def nnrun(self, *words, code=0, **environment):
        done = subprocess.run([BINARY, *words], cwd=self.folder, capture_output=True, text=True,
                              env={**self.environment, **environment}, timeout=120, check=False)
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return done

    def place(self, name, kind, tail=b""):
        """A plugin of the catalogue in a folder of its own, made another file by bytes at its end."""
        os.makedirs(f"{self.folder}/{name}/{kind[0]}", exist_ok=True)
        path = f"{self.folder}/{name}/{kind[0]}/{kind[1]}.so"
        with open(f"{BUILD}/plugins/{kind[0]}/{kind[1]}.so", "rb") as file:
            data = file.read()
        with open(path, "wb") as file:
            file.write(data + tail)
        return path

    def test_list_groups_by_kind_with_one_line_each(self):
        text = self.nnrun("plugins").stdout
        for kind in KINDS:
            self.assertRegex(text, rf"(?m)^{kind}$")
        self.assertRegex(text, r"(?m)^  tanh +Hyperbolic tangent")
        one = self.nnrun("plugins", "costs").stdout
        self.assertRegex(one, r"(?m)^  quadratic ")
        self.assertNotIn("tanh", one)

    def test_list_as_json_holds_every_plugin_built(self):
        data = json.loads(self.nnrun("plugins", "--json").stdout)
        found = {f"{plugin['kind']}/{plugin['name']}" for plugin in data["plugins"]}
        built = set()
        for kind in KINDS:
            for file in os.listdir(f"{BUILD}/plugins/{kind}"):
                if file.endswith(".so"):
                    built.add(f"{kind}/{file[:-3]}")
        self.assertEqual(found, built)
        self.assertEqual(data["shadowed"], [])
        self.assertEqual(data["refused"], [])
        for plugin in data["plugins"]:
            for parameter in plugin["parameters"]:
                self.assertTrue(parameter["doc"])

    def test_show_says_formula_reference_parameters_and_an_example(self):
        text = self.nnrun("plugins", "show", "optimizer/sgd").stdout
        for line in ("w' = w - rate v'", "rate      real > 0, default 0.01 (per step)",
                     "example    optimizer: {use: sgd, rate: 0.01}", "reference  Sutskever"):
            self.assertIn(line, text)
        both = self.nnrun("plugins", "show", "constant", "--json").stdout.splitlines()
        self.assertEqual({json.loads(line)["kind"] for line in both}, {"initializer", "schedule"})
        self.assertIn("did you mean optimizer/adam?",
                      self.nnrun("plugins", "show", "adamm", code=2).stderr)
        self.assertIn('did you mean "show"?', self.nnrun("plugins", "shwo", code=2).stderr)

    def test_shadowed_and_refused_plugins_are_listed_with_the_reason(self):
        first = self.place("first", ("activation", "tanh"), b"1")
        os.makedirs(f"{self.folder}/first/cost")
        with open(f"{self.folder}/first/cost/torn.so", "wb") as file:
            file.write(b"\x7fELF, but no more")
        text = self.nnrun("plugins", "--plugin-path", "first").stdout
        self.assertRegex(text, r"refused   \S*torn\.so: not a shared object")
        self.assertRegex(text, rf"shadowed  \S*/activation/tanh\.so\n +by  {re.escape(first)}")
        data = json.loads(self.nnrun("plugins", "--json", NNRUN_PLUGIN_PATH="first").stdout)
        self.assertEqual([entry["shadowed_by"] for entry in data["shadowed"]], [first])
        self.assertEqual([entry["name"] for entry in data["refused"]], ["torn"])

    def test_what_lies_behind_a_refused_plugin_is_listed_as_shadowed(self):
        os.makedirs(f"{self.folder}/first")
        with open(f"{self.folder}/first/sgd.so", "wb") as file:
            file.write(b"nothing")
        text = self.nnrun("plugins", "optimizer", "--plugin-path", "first").stdout
        self.assertRegex(text, r"(?m)^  adam ")
        self.assertRegex(text, r"refused   \S*first/sgd\.so: not a shared object")
        self.assertRegex(text, r"shadowed  \S*/optimizer/sgd\.so\n +by  \S*/first/sgd\.so, which is refused\n")
        self.nnrun("plugins", "show", "optimizer/sgd", "--plugin-path", "first", code=4)

    def test_check_names_each_check_and_its_figure(self):
        text = self.nnrun("plugins", "check", "tanh").stdout
        self.assertRegex(text, r"(?m)^ok    derivative     \S+ of at most 1e-07$")
        self.assertRegex(text, r": 14 checks, 0 failed, 0 skipped\n$")
        lines = self.nnrun("plugins", "check", "tanh", "--json").stdout.splitlines()
        self.assertEqual({json.loads(line)["verdict"] for line in lines}, {"passed"})
        self.assertIn("there are initializer/constant and schedule/constant",
                      self.nnrun("plugins", "check", "constant", code=2).stderr)

    def test_check_fails_with_the_line_of_the_contract(self):
        faulty = f"{BUILD}/contract/activation/faulty.so"
        done = self.nnrun("plugins", "check", faulty, "fault=derivative", code=4)
        self.assertRegex(done.stdout, r"FAIL  derivative.*\n      with .*is off by .*\n"
                                      r"      the contract: A derivative is right when")
        done = self.nnrun("plugins", "check", faulty, "fault=hang", "--only", "split", "--limit", "1",
                          code=4)
        self.assertIn("it did not end within 1 s", done.stdout)

    def test_new_gives_a_plugin_of_every_kind_that_passes_and_trains(self):
        for kind in KINDS:
            name = f"fresh_{kind}"
            self.nnrun("plugins", "new", kind, name)
            self.assertEqual(sorted(os.listdir(f"{self.folder}/{name}")),
                             sorted(["CMakeLists.txt", "README.md", f"{name}.c", f"{name}.yaml"]))
            self.nnrun("plugins", "check", f"{name}/{name}.c")
            with open(f"{self.folder}/{name}/README.md", encoding="utf-8") as file:
                self.assertEqual(len(file.readlines()), 10)
            with open(f"{self.folder}/{name}/{name}.yaml", encoding="utf-8") as file:
                self.assertGreater(file.read().count(name), 2) # it is used, not only compiled
            self.nnrun("run", f"{name}/{name}.yaml", "--out", "runs", "--quiet")
            self.assertTrue(os.listdir(f"{self.folder}/runs/try-{name}"))
        again = self.nnrun("plugins", "new", "activation", "fresh_activation", code=2)
        self.assertIn("is there already", again.stderr)
        self.assertIn("is no name for a component",
                      self.nnrun("plugins", "new", "cost", "No-Name", code=2).stderr)

    def test_build_gives_one_file_that_works_elsewhere(self):
        self.nnrun("plugins", "new", "activation", "softsign")
        self.nnrun("plugins", "build", "softsign")
        os.makedirs(f"{self.folder}/colleague/activation")
        shutil.move(f"{self.folder}/softsign/softsign.so", f"{self.folder}/colleague/activation")
        shown = self.nnrun("plugins", "show", "softsign", "--json", "--plugin-path", "colleague").stdout
        variants = {(v["bits"], v["isa"]) for v in json.loads(shown)["variants"]}
        sgd = json.loads(self.nnrun("plugins", "show", "sgd", "--json").stdout)
        self.assertEqual(variants, {(v["bits"], v["isa"]) for v in sgd["variants"]})
        self.nnrun("plugins", "check", "colleague/activation/softsign.so")
        self.assertIn("does not compile", self.break_source("softsign/softsign.c").stderr)

    def break_source(self, path):
        with open(f"{self.folder}/{path}", "a", encoding="utf-8") as file:
            file.write("this is no C\n")
        return self.nnrun("plugins", "build", path, code=4)

    def test_a_source_in_a_spec_is_compiled_once_for_each_content(self):
        self.nnrun("plugins", "new", "activation", "softsign")
        cache = f"{self.folder}/cache/nnrun/plugins"
        self.nnrun("check", "softsign/softsign.yaml")
        self.assertEqual(len(os.listdir(cache)), 1)
        stamp = os.stat(f"{cache}/{os.listdir(cache)[0]}/softsign.so").st_mtime_ns
        self.nnrun("check", "softsign/softsign.yaml")
        self.assertEqual(os.stat(f"{cache}/{os.listdir(cache)[0]}/softsign.so").st_mtime_ns, stamp)
        with open(f"{self.folder}/softsign/softsign.c", "a", encoding="utf-8") as file:
            file.write("/* a comment changes nothing the compiler sees */\n")
        self.nnrun("check", "softsign/softsign.yaml")
        self.assertEqual(len(os.listdir(cache)), 1)
        with open(f"{self.folder}/softsign/softsign.c", "a", encoding="utf-8") as file:
            file.write("typedef int something_new;\n")
        self.nnrun("check", "softsign/softsign.yaml")
        self.assertEqual(len(os.listdir(cache)), 2)

    def edit(self, path, old, new):
        with open(f"{self.folder}/{path}", encoding="utf-8") as file:
            text = file.read()
        self.assertIn(old, text)
        with open(f"{self.folder}/{path}", "w", encoding="utf-8") as file:
            file.write(text.replace(old, new, 1))

    def test_what_the_compiler_says_of_a_source_in_a_spec_names_the_author_s_line(self):
        self.nnrun("plugins", "new", "activation", "softsign")
        source = f"{self.folder}/softsign/softsign.c"
        self.edit("softsign/softsign.c", "static void forward", "static int idle;\nstatic void forward")
        warned = self.nnrun("check", "softsign/softsign.yaml").stderr
        self.assertRegex(warned, rf"(?m)^{re.escape(source)}:\d+:\d+: warning: .*idle")
        self.edit("softsign/softsign.c", "static int idle;", "static int idle = ;")
        refused = self.nnrun("check", "softsign/softsign.yaml", code=4)
        self.assertRegex(refused.stderr, rf"(?m)^{re.escape(source)}:\d+:\d+: error: ")
        self.assertIn("softsign.yaml:4:11: error: plugins: ", refused.stderr)
        self.assertIn("softsign.c does not compile; the compiler's words are above", refused.stderr)
        self.assertIn("1 error,", refused.stdout)  # not one more for the activation it would have been

    def test_without_compiler_or_a_cache_to_write_to_a_source_is_refused_with_the_way_out(self):
        self.nnrun("plugins", "new", "activation", "softsign")
        done = self.nnrun("check", "softsign/softsign.yaml", code=4, CC="no-such-compiler")
        self.assertIn("no-such-compiler", done.stderr)
        self.assertIn("install a C compiler, or name yours in CC", done.stderr)
        with open(f"{self.folder}/file", "w", encoding="utf-8"):
            pass
        done = self.nnrun("check", "softsign/softsign.yaml", code=4, XDG_CACHE_HOME=f"{self.folder}/file")
        self.assertIn("set XDG_CACHE_HOME to a folder you may write to", done.stderr)

    def test_runs_that_begin_at_once_compile_a_source_without_harm(self):
        self.nnrun("plugins", "new", "activation", "softsign")
        runs = [subprocess.Popen([BINARY, "run", "softsign/softsign.yaml", "training.epochs=1", "--quiet", "--out", "runs"],
                                 cwd=self.folder, env=self.environment) for _ in range(4)]
        self.assertEqual([run.wait(timeout=300) for run in runs], [0, 0, 0, 0])
        cache = f"{self.folder}/cache/nnrun/plugins"
        self.assertEqual([os.listdir(f"{cache}/{entry}") for entry in os.listdir(cache)], [["softsign.so"]])

    def test_two_components_of_one_name_in_one_place_are_told(self):
        self.place("first", ("activation", "tanh"))
        shutil.copy(self.place("second", ("activation", "tanh"), b"2"), f"{self.folder}/first/tanh.so")
        listed = self.nnrun("plugins", "--plugin-path", "first").stdout
        self.assertEqual(listed.count("refused   two activations of the name tanh in one place: "), 1)
        self.assertRegex(listed, r"(?m)^  sigmoid +\S")
        self.assertNotRegex(listed, r"(?m)^  tanh ")  # nobody who names it gets one
        self.assertRegex(listed, r"shadowed  \S*/activation/tanh\.so\n +by  \S*/first/activation/tanh\.so, which is refused\n")
        data = json.loads(self.nnrun("plugins", "activation", "--json", "--plugin-path", "first").stdout)
        self.assertEqual([entry["name"] for entry in data["refused"]], ["tanh", "tanh"])
        self.assertEqual(len(data["shadowed"]), 1)
        self.nnrun("plugins", "new", "schedule", "slow")
        refused = self.nnrun("check", "slow/slow.yaml", "--plugin-path", "first", code=4)
        self.assertIn("two activations of the name tanh in one place", refused.stderr)

    def test_a_refused_plugin_in_a_spec_ends_with_exit_code_4(self):
        with open(f"{self.folder}/torn.so", "wb") as file:
            file.write(b"nothing")
        with open(f"{self.folder}/spec.yaml", "w", encoding="utf-8") as file:
            file.write("nnrun: 1\nname: x\nplugins: [torn.so]\n"
                       "data: {train: synthetic}\n"
                       "network: {layers: [{units: classes, activation: softmax}], "
                       "cost: categorical_cross_entropy}\n"
                       "training: {epochs: 1, batch_size: 10, optimizer: sgd}\n")
        self.assertIn("torn.so: not a shared object", self.nnrun("check", "spec.yaml", code=4).stderr)


if __name__ == "__main__":
    unittest.main()
