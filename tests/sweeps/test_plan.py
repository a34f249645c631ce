# SPDX-License-Identifier: MIT
"""The plan of a sweep, held against what itertools and arithmetic say."""
import itertools
import math

from sweeps_case import SWEEP, Case, main
from sweeps import brackets, cores, plan, spec, table, values


class Plan(Case):
    def read(self, text):
        return spec.read(str(self.write(text)))

    def points(self, text):
        return [point.values for point in plan.planned(self.read(text))]

    def test_a_grid_is_the_product_of_its_axes_the_first_the_slowest(self):
        got = self.points(SWEEP)
        want = [{"training.optimizer.rate": a, "network.layers.0.units": b}
                for a, b in itertools.product(["0.01", "0.3"], ["3", "6"])]
        self.assertEqual(got, want)

    def test_zip_goes_in_step_and_exclude_leaves_out(self):
        got = self.points("""nnrun-sweep: 1
base: base.yaml
axes: {network.layers.0.units: [3, 6, 9], training.l2: [0, 1e-3]}
zip:
  - {training.batch_size: [10, 40], training.epochs: [2, 5]}
exclude:
  - {network.layers.0.units: [3, 9], training.batch_size: 40}
  - {training.l2: 0.001, training.epochs: 2}
""")
        want = []
        for units, l2, (batch, epochs) in itertools.product(["3", "6", "9"], ["0", "1e-3"], [("10", "2"), ("40", "5")]):
            if (units in ("3", "9") and batch == "40") or (l2 == "1e-3" and epochs == "2"):
                continue
            want.append({"network.layers.0.units": units, "training.l2": l2, "training.batch_size": batch,
                         "training.epochs": epochs})
        self.assertEqual(got, want)

    def test_repeats_multiply_trials_not_points(self):
        planned = plan.planned(self.read(SWEEP))
        self.assertEqual([len(point.trials) for point in planned], [3] * 4)
        self.assertEqual(planned[1].trials[2].overrides[-3:], ["training.optimizer.rate=0.01", "network.layers.0.units=6", "seed=3"])

    def test_values_stay_as_they_were_written(self):
        sweep = self.read("""nnrun-sweep: 1
base: base.yaml
axes:
  training.optimizer: [{use: sgd, rate: 1e-3}, "sgd", {use: adam, rate: .5}]
  x-flag: [on, 1_000, "a: b", 007]
""")
        self.assertEqual(sweep.axes()[0].values, ["{use: sgd, rate: 1e-3}", '"sgd"', "{use: adam, rate: .5}"])
        self.assertEqual(sweep.axes()[1].values, ["on", "1_000", '"a: b"', "007"])

    def test_a_log_range_has_equal_ratios_and_its_ends_as_written(self):
        points = values.Range("1e-5", "1e-2", True, False, 4).points()
        self.assertEqual((points[0], points[-1]), ("1e-5", "1e-2"))
        for a, b in zip(points, points[1:]):
            self.assertAlmostEqual(math.log10(float(b) / float(a)), 1, places=5)

    def test_a_linear_range_of_whole_numbers_has_each_once(self):
        self.assertEqual(values.Range("1", "4", False, True, 7).points(), ["1", "2", "3", "4"])

    def test_draws_depend_on_seed_and_number_alone_and_stay_in_range(self):
        text = """nnrun-sweep: 1
base: base.yaml
method: {use: random, trials: %d, seed: %d}
axes: {training.optimizer.rate: {log: [1e-4, 1]}, network.layers.0.units: {linear: [2, 40], whole: true}, training.l1: [0, 1e-4]}
"""
        few, many, other = (self.points(text % pair) for pair in ((5, 7), (60, 7), (5, 8)))
        self.assertEqual(few, many[:5])
        self.assertNotEqual(few, other)
        rates = [float(one["training.optimizer.rate"]) for one in many]
        self.assertTrue(all(1e-4 <= rate <= 1 for rate in rates))
        self.assertLess(abs(sum(rate < 1e-2 for rate in rates) - 30), 20)  # half of the logarithm, 5 sd
        self.assertTrue(all(2 <= int(one["network.layers.0.units"]) <= 40 for one in many))

    def test_random_takes_each_point_of_a_small_grid_once(self):
        got = self.points(SWEEP.replace("axes:", "method: {use: random, trials: 50}\naxes:"))
        self.assertEqual(len(got), 4)
        self.assertEqual(len({tuple(one.items()) for one in got}), 4)

    def test_rungs_and_brackets_are_those_of_the_papers(self):
        self.assertEqual(brackets.rungs(1, 81, 3), (1, 3, 9, 27, 81))
        self.assertEqual(brackets.rungs(2, 25, 4), (2, 8, 25))
        # Li et al. 2018, table 1: R = 81, eta = 3; points n_0 of each bracket, their first rung r_0.
        made = brackets.hyperband(spec.Method("hyperband", eta=3, min_epochs=1, max_epochs=81))
        self.assertEqual([(b.count, b.rungs[0]) for b in made], [(81, 1), (34, 3), (15, 9), (8, 27), (5, 81)])


class Cores(Case):
    def test_jobs_times_threads_never_exceeds_the_cores(self):
        for jobs, threads, cores_ in itertools.product([0, 1, 2, 7, 64], [1, 2, 3, 64], [1, 2, 4, 9]):
            got_jobs, got_threads, notice = cores.share(jobs, threads, cores_)
            with self.subTest(jobs=jobs, threads=threads, cores=cores_):
                self.assertGreaterEqual(min(got_jobs, got_threads), 1)
                self.assertLessEqual(got_jobs * got_threads, cores_)
                self.assertEqual(bool(notice), got_threads < threads or 0 < got_jobs < jobs)

    def test_a_quota_of_a_control_group_counts(self):
        inner = self.folder / "a/b"
        inner.mkdir(parents=True)
        (self.folder / "a/cpu.max").write_text("150000 100000\n")
        (inner / "cpu.max").write_text("max 100000\n")
        own = self.folder / "cgroup"
        own.write_text("0::/a/b\n")
        self.assertEqual(cores.quota(str(self.folder), str(own)), 1.5)


class Names(Case):
    def test_columns_are_named_by_as_little_as_tells_them_apart(self):
        got = table.short_names(["network.layers.0.units", "network.layers.1.units", "training.l2"])
        self.assertEqual(list(got.values()), ["0.units", "1.units", "l2"])


if __name__ == "__main__":
    main()
