# SPDX-License-Identifier: MIT
"""Kills, claims and several sweepers on one folder: in the end each trial has been run once."""
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time

from sweeps_case import SWEEP, Case, main
from sweeps import claim, folder

MORE = SWEEP.replace("[0.01, 0.3]", "[0.01, 0.1, 0.3]") + "run: {jobs: 2}\n"


class Kills(Case):
    def test_a_sweep_killed_at_random_ends_with_the_table_of_an_unbroken_one(self):
        self.write(MORE)
        self.sweep("run", "s.yaml", "--quiet", "--out", "whole")
        generator, kills = random.Random(1), 0
        for _ in range(8):
            process = self.start("run", "s.yaml", "--quiet", "--out", "out")
            try:
                process.wait(generator.uniform(0.5, 2.5))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
        self.assertGreater(kills, 0)
        self.sweep("run", "s.yaml", "--quiet", "--out", "out")
        whole, out = self.table("whole"), self.table("out")
        self.assertEqual({**whole, "sweep": ""}, {**out, "sweep": ""})
        for line in self.plan():
            a, b = self.outcome(line["trial"]), self.outcome(line["trial"], "whole")
            self.assertEqual((a["values"], a["test"]), (b["values"], b["test"]))

    def test_an_interrupt_ends_with_75_and_leaves_no_claim(self):
        self.write(SWEEP.replace("axes:", "axes:\n  training.epochs: [100000, 100001]"))
        process = self.start("run", "s.yaml", "--quiet", "--out", "out")
        deadline = time.monotonic() + 60
        while not list((self.folder / "out").glob("trials/*/*/run.h5")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 75, process.stderr.read())
        self.assertEqual(list((self.folder / "out").glob("trials/*/claim")), [])
        self.assertEqual(self.state()["failed"], 0)


class Claims(Case):
    def setUp(self):
        super().setUp()
        self.place = folder.Folder(str(self.folder))
        self.claims = claim.Claims(self.place)
        self.path = self.folder / "trials/abc/claim"

    def forge(self, **changes):
        """A claim as another process would have left it."""
        self.path.mkdir(parents=True)
        (self.path / "owner").write_text(json.dumps({**claim.me(), **changes}))

    def gone(self):
        process = subprocess.Popen([sys.executable, "-c", ""])
        process.wait()
        return process.pid

    def test_one_takes_it_the_other_does_not(self):
        self.assertTrue(self.claims.take("abc"))
        self.assertFalse(claim.Claims(self.place).take("abc"))
        self.claims.give("abc")
        self.assertFalse(self.path.exists())
        self.assertTrue(claim.Claims(self.place).take("abc"))

    def test_a_claim_of_a_dead_process_is_taken_over(self):
        self.forge(pid=self.gone())
        self.assertTrue(self.claims.take("abc"))

    def test_a_claim_of_a_number_that_now_is_another_process_is_taken_over(self):
        self.forge(pid=os.getpid(), started="1")
        self.assertTrue(self.claims.take("abc"))

    def test_a_claim_of_a_process_that_nobody_waited_for_is_taken_over(self):
        process = subprocess.Popen([sys.executable, "-c", ""])
        self.addCleanup(process.wait)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        self.forge(pid=process.pid, started=claim.started(process.pid))
        self.assertTrue(self.claims.take("abc"))

    def test_a_claim_of_another_host_is_stale_by_its_age_alone(self):
        self.forge(host=f"not-{socket.gethostname()}", pid=1)
        self.assertFalse(self.claims.take("abc"))
        old = time.time() - claim.STALE_AFTER_S - 5
        os.utime(self.path / "owner", (old, old))
        self.assertTrue(self.claims.take("abc"))

    def test_of_many_that_take_over_a_stale_claim_one_does(self):
        dead = self.gone()
        for _ in range(5):
            shutil.rmtree(self.folder / "trials", ignore_errors=True)
            self.forge(pid=dead)
            program = (f"import sys, time; sys.path.insert(0, {str(os.path.dirname(os.path.dirname(claim.__file__)))!r})\n"
                       "from sweeps import claim, folder\n"
                       "taken = claim.Claims(folder.Folder('.')).take('abc')\n"
                       "print(taken, flush=True); sys.stdin.read()")
            takers = [subprocess.Popen([sys.executable, "-c", program], cwd=self.folder, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True) for _ in range(4)]
            told = [taker.stdout.readline().strip() for taker in takers]
            for taker in takers:
                taker.communicate("")
            self.assertEqual(sorted(told), ["False"] * 3 + ["True"])


class Several(Case):
    def test_two_sweepers_share_one_folder_and_run_each_trial_once(self):
        self.write(MORE.replace("jobs: 2", "jobs: 1"))
        first, second = (self.start("run", "s.yaml", "--quiet", "--out", "out") for _ in range(2))
        self.assertEqual((first.wait(300), second.wait(300)), (0, 0), first.stderr.read() + second.stderr.read())
        self.assertEqual(self.state()["done"], 18)
        for line in self.plan():
            attempts = (self.folder / "out/trials" / line["trial"] / "attempts.jsonl").read_text().splitlines()
            self.assertEqual(len(attempts), 1)

    def test_a_trial_of_a_sweeper_that_died_is_taken_up_by_the_other(self):
        self.write(SWEEP)
        self.sweep("run", "s.yaml", "--quiet", "--out", "plan-only", "--dry-run")
        process = self.start("run", "s.yaml", "--quiet", "--out", "out")
        deadline = time.monotonic() + 60
        while not list((self.folder / "out").glob("trials/*/claim")) and time.monotonic() < deadline:
            time.sleep(0.005)
        process.kill()
        process.wait()
        self.sweep("resume", "out")
        self.assertEqual(self.state()["done"], 12)


if __name__ == "__main__":
    main()
