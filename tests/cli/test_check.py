# SPDX-License-Identifier: MIT
"""Mistakes in a spec are answered before anything is done, and each kind of failure has its exit code."""
import shutil

from nnrun import Case, DATA, DIVERGED, DONE, EXPECTATION, PLUGIN, SAMPLE, SOURCE, SPEC, USAGE, main


class Check(Case):
    def test_a_sound_spec_passes_and_trains_nothing(self):
        self.assert_exit(self.nnrun("check", self.spec()), DONE)
        self.assertFalse((self.folder / "results").exists())

    def test_a_misspelt_parameter_is_shown_at_its_place_with_the_nearest(self):
        self.spec("rate: 0.5", "rat: 0.5")
        line = SPEC.splitlines().index("  optimizer: {use: sgd, rate: 0.5}") + 1
        self.assert_exit(self.nnrun("check", "small.yaml"), USAGE, f"small.yaml:{line}:25: error:", '"rat"', "^~~",
                         'did you mean "rate"?')

    def test_all_mistakes_are_told_at_once(self):
        text = SPEC.replace("epochs: 3", "epochz: 3").replace("units: 12", "units: many").replace("seed: 1", "seed: -1")
        self.write("wrong.yaml", text)
        done = self.assert_exit(self.nnrun("check", "wrong.yaml"), USAGE, "epochs", "many", "seed")
        self.assertGreaterEqual(done.stderr.count("wrong.yaml:"), 3)

    def test_a_duplicate_key_is_refused(self):
        self.assert_exit(self.nnrun("check", self.spec("seed: 1", "seed: 1\nseed: 2")), USAGE, "seed")

    def test_a_missing_key_is_named(self):
        self.assert_exit(self.nnrun("check", self.spec("  cost: binary_cross_entropy\n", "")), USAGE, "cost")

    def test_a_value_on_the_command_line_is_checked_alike(self):
        self.assert_exit(self.nnrun("check", self.spec(), "training.batch_size=0"), USAGE, "training.batch_size")
        self.assert_exit(self.nnrun("check", "small.yaml", "training.batchsize=5"), USAGE, "batch_size")

    def test_run_refuses_what_check_refuses_and_leaves_no_folder(self):
        self.assert_exit(self.nnrun("run", self.spec("activation: sigmoid", "activation: sigmod")), USAGE, "sigmoid")
        self.assertFalse((self.folder / "results").exists())

    def test_text_that_is_no_yaml_is_refused_at_its_place(self):
        self.write("broken.yaml", "nnrun: 1\nname: [a\n")
        self.assert_exit(self.nnrun("check", "broken.yaml"), USAGE, "broken.yaml:")

    def test_a_spec_that_is_not_there_is_named(self):
        self.assert_exit(self.nnrun("run", "nothing.yaml"), USAGE, "nothing.yaml")

    def test_every_experiment_that_is_shipped_is_sound_but_for_its_data(self):
        shipped = sorted((SOURCE / "experiments").glob("*.yaml"))
        self.assertGreaterEqual(len(shipped), 3)
        for spec in shipped:
            with self.subTest(spec=spec.name):
                done = self.nnrun("check", spec)
                self.assertIn(done.returncode, (DONE, DATA), done.stderr)
                self.assertNotRegex(done.stderr, rf"{spec.name}:\d+:\d+: error:")


class ExitCodes(Case):
    def copy_sample(self):
        shutil.copytree(SAMPLE, self.folder / "digits")
        return self.write("copy.yaml", SPEC.replace(str(SAMPLE), "digits"))

    def test_data_that_are_not_there_end_in_3(self):
        self.assert_exit(self.nnrun("run", self.spec(f"{SAMPLE}/train", "nowhere")), DATA, "nowhere")

    def test_every_damaged_image_is_named_and_ends_in_3(self):
        spec = self.copy_sample()
        images = sorted((self.folder / "digits/train").glob("*/*.jpg"))
        images[5].write_bytes(images[5].read_bytes()[:300])
        images[99].write_bytes(b"no picture at all")
        self.assert_exit(self.nnrun("run", spec), DATA, images[5].name, images[99].name)

    def test_a_plugin_that_is_none_ends_in_4(self):
        self.write("mine.so", "this is no shared object")
        spec = self.spec("precision: float32", "precision: float32\nplugins: [mine.so]")
        self.assert_exit(self.nnrun("run", spec), PLUGIN, "mine.so")

    def test_a_run_that_diverges_ends_in_5_and_says_where(self):
        text = SPEC.replace("activation: sigmoid", "activation: identity").replace(
            "binary_cross_entropy", "quadratic").replace("rate: 0.5", "rate: 1e30")
        done = self.assert_exit(self.nnrun("run", self.write("wild.yaml", text)), DIVERGED, "epoch", "batch", "layer")
        self.assertNotIn("nan", done.stdout.lower())

    def test_an_expectation_that_does_not_hold_ends_in_7_with_figure_and_source(self):
        more = "expect:\n  - {metric: validation.accuracy, at: best, min: 0.9999, source: a dream}\n"
        self.assert_exit(self.nnrun("run", self.write("hope.yaml", SPEC + more)), EXPECTATION)

    def test_an_expectation_that_holds_ends_in_0(self):
        more = "expect:\n  - {metric: validation.accuracy, at: best, min: 0.05, source: guessing}\n"
        self.assert_exit(self.nnrun("run", self.write("easy.yaml", SPEC + more)), DONE)


if __name__ == "__main__":
    main()
