# SPDX-License-Identifier: MIT
"""A sweep on a real Slurm: jobs of an array share the trials; one that is pre-empted, or told that its time is up, ends
with 75, is queued again and goes on; one that is cancelled stays away.  In the end the table is that of an unbroken sweep.

Slow, and for root alone; ctest -R sweeps_slurm.
"""
import json
import unittest

import cluster
from sweeps_case import BINARY, SWEEP, Case, main

EPOCHS = 1500
LONG = SWEEP.replace("axes:", f"axes:\n  training.epochs: [{EPOCHS}]").replace("[1, 2, 3]", "[1]")


@unittest.skipIf(cluster.missing(), cluster.missing())
class Slurm(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster = cluster.Cluster()
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()

    def environment(self):
        return {**self.cluster.environment, "PYTHONDONTWRITEBYTECODE": "1"}

    def submit(self, *words):
        answer = self.sweep("slurm", "s.yaml", "--out", "out", "--nnrun", BINARY, "--jobs", 2, "--sbatch=--partition=low", *words)
        return answer.stdout.split()[-1]

    def attempts(self):
        return [json.loads(line) for path in sorted((self.folder / "out/trials").glob("*/attempts.jsonl"))
                for line in path.read_text().splitlines()]

    def is_training(self):
        return any((self.folder / "out").glob("trials/*/*/checkpoints/epoch-0000[1-9]?.h5"))

    def wait_till_over(self, job):
        self.cluster.wait_for("end of the array", lambda: not self.cluster.states(job), 300)

    def assert_as_unbroken(self):
        self.sweep("run", "s.yaml", "--quiet", "--out", "whole")
        whole, out = self.table("whole"), self.table("out")
        self.assertEqual({**whole, "sweep": ""}, {**out, "sweep": ""})
        print("".join(f"{attempt}\n" for attempt in self.attempts()), flush=True)

    def test_jobs_share_the_trials_and_a_pre_emption_loses_nothing(self):
        self.write(LONG)
        job = self.submit()
        self.cluster.wait_for("trial under way", self.is_training)
        urgent = self.cluster.ask("sbatch", "--parsable", "--partition=high", "--exclusive", "--output=/dev/null",
                                  "--wrap=sleep 2").strip()
        self.cluster.wait_for("pre-emption", lambda: self.cluster.states(urgent).get("N/A") == "RUNNING"
                              or not self.cluster.states(urgent))
        self.assertGreaterEqual(self.cluster.restarts(job), 1)
        self.wait_till_over(job)
        codes = [attempt["exit"] for attempt in self.attempts()]
        self.assertIn(75, codes)
        self.assertEqual(codes.count(0), 4)
        logs = "".join(path.read_text() for path in (self.folder / "out/trials").glob("*/log"))
        self.assertIn("resuming after epoch", logs)
        self.assert_as_unbroken()

    def test_a_job_whose_time_is_up_queues_itself_again(self):
        self.write(LONG)
        job = self.submit()
        self.cluster.wait_for("trial under way", self.is_training)
        self.cluster.ask("scancel", "--signal=TERM", job)
        self.cluster.wait_for("second start", lambda: self.cluster.restarts(job) >= 1)
        self.wait_till_over(job)
        self.assertIn(75, [attempt["exit"] for attempt in self.attempts()])
        self.assert_as_unbroken()

    def test_a_cancelled_array_stays_away_and_goes_on_by_hand(self):
        self.write(LONG)
        job = self.submit()
        self.cluster.wait_for("trial under way", self.is_training)
        self.cluster.ask("scancel", job)
        self.wait_till_over(job)
        self.assertLess(sum(attempt["exit"] == 0 for attempt in self.attempts()), 4)
        self.sweep("resume", "out", "--quiet")
        self.assert_as_unbroken()


if __name__ == "__main__":
    main()
