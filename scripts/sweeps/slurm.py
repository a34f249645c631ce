# SPDX-License-Identifier: MIT
"""A sweep as a job array of Slurm.

Every job is a sweeper of its own: it claims trials in the sweep's folder until none is left, so it does not
matter how many of them run, nor when.  A job that is told to stop (pre-emption, or a minute before its time
is up) stops its trial after a checkpoint and ends with 75; it is then queued again and goes on.
"""

import os
import shlex
import subprocess

from . import folder as folders
from . import program
from .trouble import Trouble

WARNED_S = 60  # before a job's time is up

SCRIPT = """#!/bin/bash
# Written by scripts/sweep slurm: each job claims trials in the sweep's folder until none is left.
#SBATCH --job-name={name}
#SBATCH --array=1-{jobs}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task={threads}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output={logs}/%A_%a.log
#SBATCH --signal=TERM@{warned}

cd {cwd} || exit
srun --ntasks=1 {script} resume {folder} --jobs 1 --threads {threads} --no-wait # a step: told first when the job shall stop
code=$?
# 75: interrupted after a checkpoint.  Unless the user has cancelled it, the job is queued again and goes on.
job=${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}
if ((code == 75)) && [ "$(squeue --noheader --job "$job" --format %T)" = RUNNING ]; then
    scontrol requeue "$job"
fi
exit "$code"
"""


def write(session, jobs, threads, options):
    """Puts the script of the array into the sweep's folder; gives its path."""
    folder = session.folder
    logs = folder.file("slurm")
    text = SCRIPT.format(name=session.sweep.name, jobs=jobs, threads=threads, logs=logs.replace("%", "%%"), warned=WARNED_S,
                         script=shlex.quote(os.path.join(program.ROOT, "scripts/sweep")),
                         cwd=shlex.quote(os.getcwd()), folder=shlex.quote(folder.path))
    more = "".join(f"#SBATCH {option}\n" for option in options)
    text = text.replace("\n\n", f"\n{more}\n", 1)
    try:
        os.makedirs(logs, exist_ok=True)
        folders.write(folder.file("slurm.sh"), text)
    except OSError as error:
        raise Trouble(f"{logs}: can't be written: {error.strerror}", 1) from error
    return folder.file("slurm.sh")


def submit(path):
    """What sbatch answers."""
    try:
        done = subprocess.run(["sbatch", path], capture_output=True, text=True)
    except OSError as error:
        raise Trouble(f"sbatch: can't be run: {error.strerror}; {path} is written, submit it where Slurm is") from error
    if done.returncode != 0:
        raise Trouble(f"sbatch refused {path}: {done.stderr.strip()}", 1)
    return done.stdout.strip()
