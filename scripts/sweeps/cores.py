# SPDX-License-Identifier: MIT
"""How many trials run at once: jobs times threads never exceeds the cores that this process may use."""

import os

CGROUP = "/sys/fs/cgroup"


def read(path):
    try:
        with open(path, encoding="ascii") as file:
            return file.read().split()
    except (OSError, UnicodeDecodeError):
        return []


def quota(root=CGROUP, of="/proc/self/cgroup"):
    """The cores that control groups allow, or None; version 2 from this group upwards, version 1 at its mount."""
    least = None
    try:
        with open(of, encoding="utf-8") as file:
            own = next((line.strip()[3:] for line in file if line.startswith("0::")), "/")
    except OSError:
        own = "/"
    while True:
        words = read(os.path.join(root, own.strip("/"), "cpu.max"))
        if len(words) == 2 and words[0] != "max":
            allowed = int(words[0]) / int(words[1])
            least = allowed if least is None else min(least, allowed)
        if own in ("/", ""):
            break
        own = os.path.dirname(own)
    most, period = read(os.path.join(root, "cpu/cpu.cfs_quota_us")), read(os.path.join(root, "cpu/cpu.cfs_period_us"))
    if most and period and int(most[0]) > 0:
        allowed = int(most[0]) / int(period[0])
        least = allowed if least is None else min(least, allowed)
    return least


def available():
    """The cores of this process: its affinity and its control groups."""
    cores, allowed = len(os.sched_getaffinity(0)), quota()
    return max(1, min(cores, int(allowed))) if allowed is not None else cores


def share(jobs, threads, cores):
    """(jobs, threads, notice): what is asked for, as far as the cores bear it; 0 jobs asks for as many as fit."""
    fit_threads = min(threads, cores)
    fit_jobs = max(1, cores // fit_threads)
    fit_jobs = min(jobs, fit_jobs) if jobs else fit_jobs
    notice = ""
    if fit_threads < threads or (jobs and fit_jobs < jobs):
        wanted = f"{jobs} jobs of {threads} threads" if jobs else f"{threads} threads a job"
        notice = f"{wanted} want more than the {cores} cores here: {fit_jobs} of {fit_threads} run at a time"
    return fit_jobs, fit_threads, notice
