# SPDX-License-Identifier: MIT
"""A Slurm cluster of this one machine: munged, slurmctld and slurmd with a folder and ports of their own."""
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAMS = ("munged", "mungekey", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "sinfo")

CONFIGURATION = """ClusterName=nnrun
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={control_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
KillWait=30
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=batch_sched_delay=1,sched_interval=2,preempt_youngest_first
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=low Nodes={host} Default=YES PriorityTier=1 PreemptMode=REQUEUE GraceTime=30
PartitionName=high Nodes={host} PriorityTier=10 PreemptMode=OFF
"""


def missing():
    """Why there can be no cluster here, or ""."""
    if os.geteuid() != 0:
        return "Slurm's daemons want root"
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    absent = [name for name in PROGRAMS if not shutil.which(name, path=path)]
    return f"not installed: {', '.join(absent)} (slurm-wlm, munge)" if absent else ""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Cluster:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        self.host = socket.gethostname().split(".")[0]
        self.daemons = []
        self.environment = {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf"),
                            "PATH": os.environ.get("PATH", "") + ":/usr/sbin"}

    def start(self):
        self.folder.chmod(0o755)
        for name in ("state", "spool", "munge"):
            (self.folder / name).mkdir()
        (self.folder / "slurm.conf").write_text(CONFIGURATION.format(
            host=self.host, control_port=free_port(), node_port=free_port(), folder=self.folder, cpus=os.cpu_count()))
        munge = self.folder / "munge"
        subprocess.run(["mungekey", "--create", "--keyfile", munge / "key"], check=True, env=self.environment)
        for path in (munge, munge / "key"):
            shutil.chown(path, "munge", "munge")
        self.daemon("munged", "--foreground", "--force", f"--key-file={munge}/key", f"--socket={munge}/socket",
                    f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed", user="munge")
        self.wait_for("munge's socket", lambda: (munge / "socket").exists())
        self.daemon("slurmctld", "-D", "-c")
        self.daemon("slurmd", "-D", "-N", self.host)
        self.wait_for("an idle node", lambda: "idle" in self.ask("sinfo", "--noheader", "--format=%T", check=False))

    def daemon(self, *words, user=None):
        with open(self.folder / f"{words[0]}.log", "ab") as log:
            self.daemons.append(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
                                                 user=user, start_new_session=True))

    def stop(self):
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, *words, check=True):
        """What a command of Slurm answers."""
        return subprocess.run(list(map(str, words)), env=self.environment, check=check, capture_output=True, text=True,
                              timeout=60).stdout

    def states(self, job):
        """{task: state} of the jobs of an array that are not over."""
        lines = self.ask("squeue", "--noheader", "--array", "--job", job, "--format=%K %T", check=False).splitlines()
        return dict(line.split() for line in lines)

    def restarts(self, job):
        """How often the jobs of an array were queued again, all together."""
        words = self.ask("scontrol", "show", "job", job, check=False).split()
        return sum(int(word.partition("=")[2]) for word in words if word.startswith("Restarts="))

    def wait_for(self, what, holds, most_s=120):
        deadline = time.monotonic() + most_s
        while not holds():
            if time.monotonic() > deadline:
                logs = "\n".join(f"--- {path.name}:\n{path.read_text()[-3000:]}" for path in self.folder.glob("*.log"))
                raise TimeoutError(f"no {what} within {most_s} s\n{logs}")
            time.sleep(0.2)
