# SPDX-License-Identifier: MIT
"""Who runs a trial: the one whose folder became trials/HASH/claim.

The folder is made aside, with its owner's name in it, and renamed: like mkdir in place this succeeds for
one alone, and a kill in between leaves no claim that says nobody's name.  A claim is stale when its
process is gone (on this host), or when its holder, who touches it every few seconds, has not done so for
long (on another host; measured by the clock of the file system, since those of hosts differ).  A stale
claim is taken over by one: whoever makes the folder taken-<token> in it, where the token is that of the
stale claim, so that a claim renewed meanwhile is not mistaken for it.
"""

import json
import os
import shutil
import socket
import uuid

TOUCH_EVERY_S = 10
STALE_AFTER_S = 120


def read_text(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def started(pid):
    """When a process began, in ticks since boot; "" where there is none, or only what its parent has not
    yet taken note of."""
    parts = read_text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return parts[19] if len(parts) > 19 and parts[0] not in "ZX" else ""


def here():
    """This host, as far as numbers of processes mean the same: containers of one host are several."""
    try:
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def me():
    return {"host": here(), "boot": read_text("/proc/sys/kernel/random/boot_id"), "pid": os.getpid(),
            "started": started(os.getpid()), "token": uuid.uuid4().hex}


def is_alive(owner):
    """Whether the process of a claim made on this host still runs; None where it is another host's."""
    if owner.get("host") != here():
        return None
    if owner.get("boot") != read_text("/proc/sys/kernel/random/boot_id"):
        return False
    now = started(owner.get("pid", 0))
    return now != "" and now == owner.get("started")


def file_system_now(folder):
    """The time by the clock that also stamps the claims."""
    path = os.path.join(folder, f".clock-{socket.gethostname()}-{os.getpid()}")
    with open(path, "w", encoding="utf-8"):
        pass
    os.utime(path)
    try:
        return os.stat(path).st_mtime
    finally:
        os.unlink(path)


def read_owner(claim):
    try:
        owner = json.loads(read_text(os.path.join(claim, "owner")))
        return owner if isinstance(owner, dict) else {}
    except ValueError:
        return {}


def age_s(path):
    """Seconds since a file was touched; 0 where it is gone."""
    try:
        return file_system_now(os.path.dirname(os.path.dirname(path))) - os.stat(path).st_mtime
    except OSError:
        return 0


def is_stale(claim):
    alive = is_alive(read_owner(claim))
    return age_s(os.path.join(claim, "owner")) > STALE_AFTER_S if alive is None else not alive


def remove(claim):
    """Takes a claim out of its place in one step, then away."""
    gone = f"{claim}.gone-{uuid.uuid4().hex}"
    try:
        os.rename(claim, gone)
    except OSError:
        return
    shutil.rmtree(gone, ignore_errors=True)


def clear_stale(claim):
    """Makes way where a claim is stale; of several that try, one does it."""
    token = read_owner(claim).get("token", "none")
    if not is_stale(claim):
        return False
    mark = os.path.join(claim, f"taken-{token}")
    try:
        os.mkdir(mark)
    except FileExistsError:
        if age_s(mark) <= STALE_AFTER_S:  # else whoever made it died with it
            return False
    except OSError:
        return False
    if read_owner(claim).get("token", "none") != token:
        try:
            os.rmdir(mark)
        except OSError:
            pass
        return False
    remove(claim)
    return True


class Claims:
    """The claims of this process."""

    def __init__(self, folder):
        self.folder = folder
        self.held = set()

    def path(self, hash_):
        return self.folder.trial(hash_, "claim")

    def take(self, hash_):
        """Claims a trial; False where somebody else has it."""
        claim = self.path(hash_)
        if hash_ in self.held or (os.path.isdir(claim) and not clear_stale(claim)):
            return False
        aside = f"{claim}.new-{uuid.uuid4().hex}"
        os.makedirs(aside)
        with open(os.path.join(aside, "owner"), "w", encoding="utf-8") as file:
            json.dump(me(), file)
        try:
            os.rename(aside, claim)
        except OSError:
            shutil.rmtree(aside, ignore_errors=True)
            return False
        self.held.add(hash_)
        return True

    def give(self, hash_):
        if hash_ in self.held:
            self.held.discard(hash_)
            remove(self.path(hash_))

    def touch(self):
        for hash_ in self.held:
            try:
                os.utime(os.path.join(self.path(hash_), "owner"))
            except OSError:
                pass

    def is_running(self, hash_):
        """Whether somebody, perhaps this process, runs the trial now."""
        claim = self.path(hash_)
        return hash_ in self.held or (os.path.isdir(claim) and not is_stale(claim))
