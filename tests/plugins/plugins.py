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

    def nnrun(self, *words, code=0, cwd="", **environment):
        done = subprocess.run([BINARY, *words], cwd=f"{self.folder}/{cwd}", capture_output=True, text=True,
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
        self.assertIn("forward() did not end within 1 s", done.stdout)

    def test_a_wrong_parameter_is_one_error_of_use(self):
        for parameter, advice in (("slop=1", 'did you mean "slope"?'), ("slope=-1", "in [0, 1]")):
            done = self.nnrun("plugins", "check", "leaky_relu", parameter, code=2)
            self.assertEqual(done.stdout, "")
            self.assertIn(advice, done.stderr)

    def test_new_gives_a_plugin_of_every_kind_that_passes_and_trains(self):
        for kind in KINDS:
            name = f"fresh_{kind}"
            self.nnrun("plugins", "new", kind, name)
            to_read = [f"{name}.csv"] if kind == "loader" else []
            self.assertEqual(sorted(os.listdir(f"{self.folder}/{name}")),
                             sorted(["CMakeLists.txt", "README.md", f"{name}.c", f"{name}.yaml", *to_read]))
            with open(f"{self.folder}/{name}/README.md", encoding="utf-8") as file:
                readme = file.readlines()
            self.assertEqual(len(readme), 10)
            check, = (line.split("#")[0].split()[1:] for line in readme if "plugins check" in line)
            self.assertIn(", 0 failed", self.nnrun(*check, cwd=name).stdout)
            with open(f"{self.folder}/{name}/{name}.yaml", encoding="utf-8") as file:
                self.assertGreater(file.read().count(name), 2) # it is used, not only compiled
            self.nnrun("run", f"{name}/{name}.yaml", "--out", "runs", "--quiet")
            self.assertTrue(os.listdir(f"{self.folder}/runs/try-{name}"))
        self.nnrun("plugins", "new", "schedules", "plural")  # a kind may be named as the listing names it
        self.assertTrue(os.path.isfile(f"{self.folder}/plural/plural.c"))
        again = self.nnrun("plugins", "new", "activation", "fresh_activation", code=2)
        self.assertIn("is there already", again.stderr)
        self.assertIn("is no name for a component",
                      self.nnrun("plugins", "new", "cost", "No-Name", code=2).stderr)

    def fresh_loader(self):
        """The template, with a third sample of its file that holds no number; the lines of a message about it."""
        self.nnrun("plugins", "new", "loader", "rows")
        with open(f"{self.folder}/rows/rows.csv", encoding="utf-8") as file:
            rows = file.readlines()
        rows[3] = "nought,1,0\n"
        with open(f"{self.folder}/rows/rows.csv", "w", encoding="utf-8") as file:
            file.writelines(rows)
        return [r"1 of 200 samples can't be used\n",
                r" +\S*/rows/rows\.csv:4: column 1 of 3 holds no number, or the row ends there\n +mend or remove them"]

    def test_the_loader_to_begin_with_names_bad_rows_by_file_and_line_and_leaves_them_out(self):
        message = "".join(self.fresh_loader())
        run = ("run", "rows/rows.yaml", "training.epochs=1", "--out", "runs", "--quiet")
        self.assertRegex(self.nnrun(*run, code=3).stderr, f"{message}, or say on_bad: skip to go on without")
        self.assertIn("left out: ", self.nnrun(*run[:-1], "data.train.on_bad=skip").stderr)
        with open(f"{self.folder}/rows/rows.csv", "w", encoding="utf-8") as file:
            file.write("# nothing but words\nnought,one,two\n")
        self.assertIn("rows.csv: no row holds numbers and a class", self.nnrun(*run, "data.train.on_bad=skip", code=3).stderr)
        os.remove(f"{self.folder}/rows/rows.csv")
        self.assertIn("rows.csv: can't be opened: No such file", self.nnrun(*run, code=3).stderr)

    def test_on_bad_is_not_advised_to_whom_has_no_such_parameter(self):
        message = "".join(self.fresh_loader())
        with open(f"{self.folder}/rows/rows.c", encoding="utf-8") as file:
            source = file.read()
        source, count = re.subn(r"NN_PARAM_CHOICE\(struct rows, on_bad, .*?\),\n", "", source, count=1, flags=re.DOTALL)
        self.assertEqual(count, 1)
        with open(f"{self.folder}/rows/rows.c", "w", encoding="utf-8") as file:
            file.write(source.replace('static const char *const on_bad[] = {"error", "skip", NULL};', ""))
        done = self.nnrun("run", "rows/rows.yaml", "--out", "runs", "--quiet", code=3)
        self.assertRegex(done.stderr, rf"{message}\n")
        self.assertNotIn("on_bad", done.stderr)

    def test_what_a_loader_leaves_of_a_bad_sample_is_no_part_of_the_fingerprint(self):
        self.fresh_loader()
        self.edit("rows/rows.c", "labels[i] = 0;", "")
        # What malloc hands out is filled with this byte.
        self.nnrun("run", "rows/rows.yaml", "training.epochs=1", "data.train.on_bad=skip", "--quiet", "--out", "runs",
                   MALLOC_PERTURB_="1")
        run = f"runs/try-rows/{os.listdir(f'{self.folder}/runs/try-rows')[0]}"
        self.nnrun("resume", run, "training.epochs=2", "--quiet", MALLOC_PERTURB_="77")

    def test_a_plugin_that_is_not_found_is_looked_for_where_the_message_says(self):
        self.nnrun("plugins", "new", "activation", "isru")
        self.edit("isru/isru.yaml", "plugins:", "x-plugins:")
        way = "one of your own: plugins: [FILE] in the spec, or --plugin-path DIR"
        self.assertIn(way, self.nnrun("check", "isru/isru.yaml", code=2).stderr)
        self.nnrun("plugins", "build", "isru/isru.c")
        self.nnrun("run", "isru/isru.yaml", "training.epochs=2", "--plugin-path", "isru", "--out", "runs", "--quiet")
        run = f"runs/try-isru/{os.listdir(f'{self.folder}/runs/try-isru')[0]}"
        self.assertIn(way, self.nnrun("resume", run, "training.epochs=3", code=2).stderr)
        self.nnrun("resume", run, "training.epochs=3", "--plugin-path", "isru", "--quiet")

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

    def test_build_warns_of_a_name_that_no_folder_takes(self):
        self.nnrun("plugins", "new", "activation", "softsign")
        self.assertEqual(self.nnrun("plugins", "build", "softsign/softsign.c").stderr, "")
        warned = self.nnrun("plugins", "build", "softsign/softsign.c", "--output", "y.so").stderr
        self.assertIn("y.so holds activation softsign: a folder of plugins takes it only as softsign.so", warned)

    def test_build_warns_of_a_name_that_the_catalogue_has(self):
        self.nnrun("plugins", "new", "activation", "tanh")
        warned = self.nnrun("plugins", "build", "tanh/tanh.c").stderr
        self.assertRegex(warned, r"activation tanh is there already \(\S*/activation/tanh\.so\); a spec that names this "
                                 r"file takes this one")

    def test_show_check_new_and_build_each_have_their_own_help(self):
        whole = self.nnrun("plugins", "--help").stdout
        for word, option, other in (("show", "--json", "--only"), ("check", "--only CHECK         this", "--output"),
                                    ("new", "--help", "--json"), ("build", "--output FILE        the", "--only")):
            text = self.nnrun("plugins", word, "--help").stdout
            self.assertTrue(text.startswith(f"usage: nnrun plugins {word} "), text)
            self.assertIn(option, text)
            self.assertNotIn(other, text)
            self.assertIn(f"\n{word} ", whole)
        self.assertEqual(self.nnrun("plugins", "cost", "--help").stdout, whole)

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
