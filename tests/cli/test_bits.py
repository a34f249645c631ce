# SPDX-License-Identifier: MIT
"""One spec and one seed give the same bits: for any number of threads, resumed or not, run after run."""
import itertools
import signal
import time

from nnrun import Case, DAMAGED, DONE, INTERRUPTED, USAGE, differing, events, instruction_sets, main, model

SHAPE = "units: 12"
WIDE = "units: 70"  # several tiles wide, none of them even


class Bits(Case):
    def trained(self, out, *words, **environment):
        """The arrays of a run in a results folder of its own."""
        self.run_spec("small.yaml", "--out", out, *words, **environment)
        return model(next(path.parent for path in (self.folder / out).rglob("run.h5")))

    def assert_same(self, one, other):
        self.assertTrue(one)
        self.assertEqual(differing(one, other), [])


class Threads(Bits):
    def test_any_number_of_threads_gives_the_same_bits_on_each_instruction_set(self):
        self.spec(SHAPE, WIDE)
        for isa, precision in itertools.product(instruction_sets() or [""], ("float32", "float64")):
            forced = {"NNRUN_ISA": isa} if isa else {}
            runs = [self.trained(f"{isa}-{precision}-{threads}", "--threads", threads, f"precision={precision}",
                                 "training.batch_size=32", "training.epochs=2", **forced) for threads in (1, 2, 3)]
            for other in runs[1:]:
                with self.subTest(isa=isa, precision=precision):
                    self.assert_same(runs[0], other)

    def test_small_batches_too(self):
        self.spec(SHAPE, WIDE)
        runs = [self.trained(f"t{threads}", "--threads", threads, "training.epochs=1") for threads in (1, 2, 3)]
        self.assert_same(runs[0], runs[1])
        self.assert_same(runs[0], runs[2])

    def test_another_seed_gives_other_bits(self):
        self.spec()
        self.assertIn("model/layers/00/weight", differing(self.trained("one"), self.trained("other", "seed=2")))

    def test_an_instruction_set_that_is_none_is_refused(self):
        self.assert_exit(self.nnrun("run", self.spec(), NNRUN_ISA="v9"), USAGE, "NNRUN_ISA")


class Resume(Bits):
    def setUp(self):
        super().setUp()
        self.spec("epochs: 3", "epochs: 6")
        self.whole = self.trained("whole")

    def test_stopped_at_an_epoch_and_resumed_with_another_number_of_threads(self):
        self.run_spec("small.yaml", "--until", 2, "--threads", 1)
        run = self.run_folder()
        self.assertEqual([event["epoch"] for event in events(run)], [1, 2])
        self.assert_exit(self.nnrun("resume", run, "threads=2"), DONE)
        self.assertEqual([event["epoch"] for event in events(run)], [1, 2, 3, 4, 5, 6])
        self.assert_same(self.whole, model(run))

    def test_more_epochs_go_on_to_the_bits_of_a_run_that_had_them_from_the_start(self):
        self.run_spec("small.yaml", "training.epochs=4")
        self.assert_exit(self.nnrun("resume", "small", "training.epochs=6"), DONE)
        self.assert_same(self.whole, model(self.run_folder()))

    def test_killed_and_resumed(self):
        process = self.start("run", "small.yaml")
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up and not list(self.folder.glob("results/small/*/checkpoints/epoch-000001.h5")):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assert_exit(self.nnrun("resume", "small"), DONE)
        self.assert_same(self.whole, model(self.run_folder()))

    def test_a_finished_run_is_left_as_it_is(self):
        self.run_spec("small.yaml")
        before = model(self.run_folder())
        self.assert_exit(self.nnrun("resume", "small"), DONE)
        self.assert_same(before, model(self.run_folder()))

    def test_a_damaged_checkpoint_is_named_and_an_older_one_taken(self):
        self.run_spec("small.yaml", "--until", 3)
        newest = self.run_folder() / "checkpoints/epoch-000003.h5"
        bytes_ = bytearray(newest.read_bytes())
        bytes_[len(bytes_) // 2] ^= 1
        newest.write_bytes(bytes_)
        self.assert_exit(self.nnrun("resume", "small"), DONE, newest.name)
        self.assert_same(self.whole, model(self.run_folder()))

    def test_no_checkpoint_that_is_whole_ends_in_6(self):
        self.run_spec("small.yaml", "--until", 2)
        for path in (self.run_folder() / "checkpoints").iterdir():
            path.write_bytes(path.read_bytes()[:100])
        self.assert_exit(self.nnrun("resume", "small"), DAMAGED)

    def test_a_run_that_is_not_there_is_refused(self):
        self.assertNotEqual(self.assert_exit(self.nnrun("resume", "nothing"), USAGE, "nothing"), DONE)

    def test_what_must_not_change_is_refused_by_name(self):
        self.run_spec("small.yaml", "--until", 1)
        self.assert_exit(self.nnrun("resume", "small", "training.batch_size=20"), USAGE, "training.batch_size")


class Signals(Bits):
    def test_sigterm_leaves_a_checkpoint_and_exit_75_and_resume_gives_the_same_bits(self):
        self.spec("epochs: 3", "epochs: 100")
        whole = self.trained("whole")
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            with self.subTest(signal=name.name):
                process = self.start("run", "small.yaml", "--out", name.name)
                give_up = time.monotonic() + 60
                while time.monotonic() < give_up and not list((self.folder / name.name).rglob("epoch-000002.h5")):
                    time.sleep(0.002)
                process.send_signal(name)
                self.assertEqual(process.wait(timeout=60), INTERRUPTED, process.stderr.read())
                run = next(path.parent for path in (self.folder / name.name).rglob("run.h5"))
                self.assertTrue((run / "STATUS").read_text().startswith("interrupted"))
                self.assert_exit(self.nnrun("resume", run), DONE)
                self.assert_same(whole, model(run))


if __name__ == "__main__":
    main()
