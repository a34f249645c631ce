# SPDX-License-Identifier: MIT
"""Kills nnrun, takes its disk and its memory away and damages its files, many times; see scripts/torture."""
import argparse
import errno
import itertools
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from world import Failed, World, check, essence, run_in

ERRORS = [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT]


def operations(world, spec, below="."):
    """The numbered file operations of an unbroken run: [(number, name, path)]."""
    place = world.place()
    log = world.root / f"{place.name}.log"
    done = world.train(spec, place, environment={"NNRUN_CACHE": place / "cache"},
                       shim={"root": place / below, "log": log})
    check(done.code == 0, f"a run under the shim failed: {done}")
    return read_log(log)


def read_log(log):
    found = []
    for line in log.read_text().splitlines():
        number, name, path = line.split(" ", 2)
        found.append((int(number), name, path))
    return found


def spread(items, most):
    """At most that many of the items, evenly."""
    items = list(items)
    return items if len(items) <= most else [items[i * len(items) // most] for i in range(most)]


# --- kills ---------------------------------------------------------------------------------------------------------


def kill_at_random(world, optimizer, schedule, seed):
    """Some kills in a row at any moment, each life with other threads; then to the end."""
    draw = random.Random(seed)
    spec, place, announced = world.spec(optimizer, schedule), world.place(), []
    span = world.seconds(spec) * 1.1
    for _ in range(draw.randint(1, 3)):
        threads = ("--threads", draw.randint(1, 3))
        after, folder = draw.uniform(0.001, span), run_in(place)
        done = world.train(spec, place, *threads, kill_after=after) if folder is None else \
            world.resume(folder, *threads, kill_after=after)
        check(done.code in (0, -signal.SIGKILL), f"not killed but {done}")
        announced += done.epochs()
    world.same(spec, world.finish(spec, place, "--threads", draw.randint(1, 3), announced=announced))


def kill_at_operation(world, spec, number, how):
    """Killed before, after or within one file operation."""
    place = world.place()
    done = world.train(spec, place, shim={"root": place, "at": number, "do": how})
    check(done.code in (0, -signal.SIGKILL), f"operation {number}, {how}: {done}")
    world.same(spec, world.finish(spec, place, announced=done.epochs()))
    shutil.rmtree(place)


def kill_resume_at_operation(world, template, spec, number, how):
    """A stopped run goes on, is killed at one file operation, and goes on again."""
    place = world.place()
    shutil.copytree(template, place, dirs_exist_ok=True)
    done = world.resume(run_in(place), shim={"root": place, "at": number, "do": how})
    check(done.code in (0, -signal.SIGKILL), f"operation {number} of a resume, {how}: {done}")
    world.same(spec, world.finish(spec, place, announced=done.epochs()))
    shutil.rmtree(place)


def stop_until(world, schedule, threads):
    """--until, epoch by epoch, with every schedule."""
    spec, place = world.spec("sgd", schedule), world.place()
    done = world.train(spec, place, "--threads", threads, "--until", 1)
    check(done.code == 0 and done.epochs() == [1], f"--until 1: {done}")
    done = world.resume(run_in(place), "--until", 3)
    check(done.code == 0 and done.epochs() == [2, 3], f"--until 3: {done}")
    world.same(spec, world.finish(spec, place, announced=[1, 2, 3]))


def stop_and_grow(world, optimizer, threads):
    """--until, then more epochs than were planned: as if it had been so from the start."""
    short, long = world.spec(optimizer, epochs=3), world.spec(optimizer, epochs=5)
    place = world.place()
    done = world.train(short, place, "--threads", threads, "--until", 2)
    check(done.code == 0 and done.epochs() == [1, 2], f"--until 2: {done}")
    done = world.resume(run_in(place))
    check(done.code == 0 and done.epochs() == [3], f"resume to the end: {done}")
    done = world.resume(run_in(place), "training.epochs=5", kill_after=world.seconds(short) / 2)
    world.finish(long, place, announced=done.epochs())
    if len(essence(run_in(place))) and run_epochs(place) < 5:
        check(world.resume(run_in(place), "training.epochs=5").code == 0, "resume with more epochs")
    wanted, found = essence_of_numbers(world.reference(long)), essence_of_numbers(essence(run_in(place)))
    check(wanted == found, "a run with more epochs is not as one planned so")


def run_epochs(place):
    return len((run_in(place) / "events.jsonl").read_text().splitlines())


def essence_of_numbers(whole):
    """Without the spec's text, whose epochs were changed, and the checkpoints' names."""
    kept = {k: v for k, v in whole.items() if k.startswith(("events", "run.h5 m", "run.h5 t"))}
    return {k: (v if not hasattr(v, "tolist") else v.tolist()) for k, v in kept.items()}


# --- signals -------------------------------------------------------------------------------------------------------


def wait_for_epoch(process, place, limit_s=60):
    until = time.monotonic() + limit_s
    while time.monotonic() < until and process.poll() is None:
        folder = run_in(place)
        if folder is not None and (folder / "events.jsonl").exists() and run_epochs(place) > 0:
            return
        time.sleep(0.001)


def interrupt(world, number, threads):
    """A signal inside an epoch: a checkpoint, exit 75, and on to the same bits."""
    spec, place = world.spec("adam", epochs=40), world.place()
    process = world.start("run", spec, "--out", place, "--json", "--threads", threads)
    wait_for_epoch(process, place)
    process.send_signal(number)
    _, err = process.communicate(timeout=600)
    check(process.returncode == 75, f"signal {number}: exit {process.returncode}, not 75: {err[-300:]}")
    world.same(spec, world.finish(spec, place))


def interrupt_twice(world):
    """Two signals at once: the second aborts; the run goes on all the same."""
    spec, place = world.spec("adam", epochs=40), world.place()
    process = world.start("run", spec, "--out", place, "--json")
    wait_for_epoch(process, place)
    for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT):
        process.send_signal(number)
    process.communicate(timeout=600)
    check(process.returncode == 130, f"two signals: exit {process.returncode}, not 130")
    world.same(spec, world.finish(spec, place))


# --- writers -------------------------------------------------------------------------------------------------------


def second_writer(world):
    spec, place = world.spec("adam", epochs=400), world.place()
    process = world.start("run", spec, "--out", place, "--json")
    wait_for_epoch(process, place)
    process.send_signal(signal.SIGSTOP)
    done = world.resume(run_in(place))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    check(done.code > 0 and "is writing this run" in done.err and str(process.pid) in done.err,
          f"a second writer was not refused: {done}")
    check(world.resume(run_in(place), "--until", 3).code == 0, "the lock outlived its process")


def many_at_once(world, count):
    """Runs of one spec into one folder at the same time."""
    spec, place = world.spec(), world.place()
    processes = [world.start("run", spec, "--out", place, "--quiet") for _ in range(count)]
    told = [process.communicate(timeout=600)[1] for process in processes]
    codes = [process.returncode for process in processes]
    check(codes == [0] * count, f"exit codes {codes}: {max(told, key=len)[-300:]}")
    folders = [path.parent for path in place.glob("*/*/spec.resolved.yaml")]
    check(len(folders) == count, f"{len(folders)} run folders of {count} runs")
    for folder in folders:
        world.same(spec, folder)


# --- failing disk ----------------------------------------------------------------------------------------------------

# Operations whose failure changes nothing that was asked for: giving up the lock at the end.
HARMLESS = {("close", ".lock")}


def fail_operation(world, spec, operation, code, how):
    """One file operation fails, once (""), from then on ("+"), or in its middle ("/")."""
    number, place = operation[0], world.place()
    log = world.root / f"{place.name}.log"
    done = world.train(spec, place, shim={"root": place, "at": number, "do": f"{code}{how}", "log": log})
    done_operations = read_log(log)
    if number > len(done_operations):  # how many syncs there are depends on the time a run takes
        check(done.code == 0, f"operation {number} was not reached, and yet: {done}")
        return
    _, name, path = done_operations[number - 1]
    what = f"operation {number} ({name} {Path(path).name}) with {errno.errorcode[code]}{how}"
    check(done.code >= 0, f"{what}: died of signal {-done.code}: {done.err[-300:]}")
    if (name, Path(path).name) not in HARMLESS:
        check(done.code > 0, f"{what}: exit 0")
        check(os.strerror(code) in done.err and str(place) in done.err, f"{what}: does not say what and where: {done}")
    world.same(spec, world.finish(spec, place, announced=done.epochs()))
    shutil.rmtree(place)


def file_size_limit(world, spec, limit):
    place = world.place()
    done = world.train(spec, place, limit=limit)
    check(done.code > 0 and os.strerror(errno.EFBIG) in done.err, f"file size limit {limit}: {done}")
    world.same(spec, world.finish(spec, place, announced=done.epochs()))


def at_cache_operation(world, spec, number, how):
    """Killed at one file operation of the cache, or it fails: the cache is done without, or made anew."""
    place = world.place()
    cache = {"NNRUN_CACHE": place / "cache"}
    done = world.train(spec, place, environment=cache, shim={"root": place / "cache", "at": number, "do": how})
    check(done.code in ((0, -signal.SIGKILL) if how in ("kill", "after", "tear") else (0,)),
          f"operation {number} of the cache, {how}: {done}")
    world.same(spec, world.finish(spec, place, announced=done.epochs(), environment=cache))
    check(world.call("data", "cache", environment=cache).code == 0, "the cache can't be listed")
    check(not list((place / "cache").glob("*tmp*")), f"operation {number} of the cache, {how}: a temporary file is left")
    shutil.rmtree(place)


# --- damaged files ---------------------------------------------------------------------------------------------------


def flip(path, draw):
    data = bytearray(path.read_bytes())
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    path.write_bytes(data)


def cut(path, draw):
    data = path.read_bytes()
    path.write_bytes(data[:draw.randrange(len(data))])


def swap(path, draw):
    other = draw.choice([p for p in path.parent.iterdir() if p != path])
    path.write_bytes(other.read_bytes())


def damage(world, template, spec, seed):
    """Some checkpoints of a stopped run damaged: resume names them all, and goes on from a good one to the same bits.
    One that is older than that stays as it is."""
    draw = random.Random(seed)
    place = world.place()
    shutil.copytree(template, place, dirs_exist_ok=True)
    folder = run_in(place)
    files = sorted((folder / "checkpoints").iterdir(), reverse=True)
    how = draw.choice([flip, cut, swap])
    hurt = files[:draw.randint(1, len(files) - 1)] if draw.random() < 0.5 else draw.sample(files[:-1], 1)
    whole = {path: path.read_bytes() for path in hurt}
    for path in hurt:
        how(path, draw)
    damaged = {path: path.read_bytes() for path in hurt}
    hurt = [path for path in hurt if damaged[path] != whole[path]]  # swapped back by a second swap
    done = world.resume(folder)
    check(done.code == 0, f"{how.__name__} {[p.name for p in hurt]}: {done}")
    for path in hurt:
        check(path.name in done.err, f"{how.__name__}: {path.name} is not named: {done}")
    left = [path for path in hurt if path.exists() and path.read_bytes() == damaged[path]]
    check(files[0] not in left, f"{how.__name__}: {files[0].name} was not made anew")
    world.same(spec, folder, unread=left)
    shutil.rmtree(place)


def damage_all(world, template, seed):
    draw = random.Random(seed)
    place = world.place()
    shutil.copytree(template, place, dirs_exist_ok=True)
    for path in (run_in(place) / "checkpoints").iterdir():
        draw.choice([flip, cut])(path, draw)
    done = world.resume(run_in(place))
    check(done.code == 6, f"all checkpoints damaged: {done}")


def damage_results(world, template, seed):
    """A damaged run.h5 is named by who reads it, and written anew by resume; so are the small files."""
    draw = random.Random(seed)
    place, spec = world.place(), world.spec()
    shutil.copytree(template, place, dirs_exist_ok=True)
    folder = run_in(place)
    draw.choice([flip, cut])(folder / "run.h5", draw)
    done = world.call("show", folder)
    check(done.code == 6 and "run.h5" in done.err, f"show of a damaged run.h5: {done}")
    for name in ("STATUS", "events.jsonl"):
        draw.choice([flip, cut])(folder / name, draw)
    done = world.resume(folder)
    check(done.code == 0, f"damaged run.h5, STATUS and events.jsonl: {done}")
    world.same(spec, folder)


# --- memory ----------------------------------------------------------------------------------------------------------


def first_unnoticed(notices):
    """How many allocations are made: the last number from which on their failure is noticed."""
    low, high = 1, 2
    while notices(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if notices(middle) else (low, middle)
    return low


def allocation_count(world, spec):
    def notices(number):
        place = world.place()
        return world.train(spec, place, environment={"NNRUN_FAIL_ALLOC": f"{number}+",
                                                     "NNRUN_CACHE": place / "cache"}).code != 0
    return first_unnoticed(notices)


def allocations(world, spec, scale):
    """Numbers of a run's allocations: all of them, or some."""
    return spread(range(1, allocation_count(world, spec) + 1), scale["allocations"])


def fail_allocation(world, spec, number, how):
    place = world.place()
    done = world.train(spec, place, environment={"NNRUN_FAIL_ALLOC": f"{number}{how}", "NNRUN_CACHE": place / "cache"})
    check(done.code >= 0, f"allocation {number}{how}: died of signal {-done.code}")
    check(done.code == 0 or "memory" in done.err, f"allocation {number}{how}: not told: {done}")
    check(done.code in (0, 1), f"allocation {number}{how}: {done}")
    world.same(spec, world.finish(spec, place, announced=done.epochs()))
    shutil.rmtree(place)


def commands(world, spec, pictures):
    """What else is asked of nnrun: commands whose answers are alike each time."""
    folders = []
    for one in (spec, pictures):
        place = world.place()
        done = world.train(one, place)
        check(done.code == 0, f"a run to be looked at: {done}")
        folders.append(run_in(place))
    folder, seen = folders
    return [("show", folder, "--json"), ("show", folder), ("eval", folder, "--json"), ("render", spec),
            ("check", spec), ("schema",), ("plugins", "--json"), ("plugins", "show", "adam"), ("doctor",),
            ("run", spec, "--dry-run", "--json"), ("data", "check", pictures, "--json"),
            ("data", "stats", spec, "--json"), ("predict", seen, world.data / "test", "--json"),
            ("gradcheck", spec, "--json"), ("trace", spec, "--sample", "1")]


def answer_lines(done):
    """What was answered, without times."""
    return [re.sub(r'("[a-z_]*seconds": )[0-9.e+-]+', r"\1-", line) for line in done.out.splitlines(keepends=True)]


def starve_command(world, words, most):
    """One allocation of a command fails: it answers as ever, or with whole lines and says what is missing."""
    wanted = answer_lines(world.call(*words))
    for number in spread(range(1, command_allocations(world, words) + 1), most):
        done = world.call(*words, environment={"NNRUN_FAIL_ALLOC": str(number)})
        what = f"allocation {number} of {' '.join(map(str, words))}"
        check(done.code >= 0, f"{what}: died of signal {-done.code}")
        lines = answer_lines(done)
        if done.code == 0:
            check(lines == wanted, f"{what}: exit 0 and another answer")
        else:
            check("memory" in done.err, f"{what}: not told: {done}")
            check(set(lines) <= set(wanted), f"{what}: half a line: {done.out[-300:]}")


def command_allocations(world, words):
    return first_unnoticed(lambda k: world.call(*words, environment={"NNRUN_FAIL_ALLOC": f"{k}+"}).code != 0)


# --- the table ---------------------------------------------------------------------------------------------------------


class Table:
    """Runs trials and counts them."""

    def __init__(self, jobs, only):
        self.only, self.rows, self.pool = only, [], ThreadPoolExecutor(jobs)

    def run(self, title, make_trials):
        """make_trials gives a list of (function, arguments...), and is not asked where the title is not wanted."""
        if self.only not in title:
            return
        trials = make_trials()
        began = time.monotonic()
        futures = [self.pool.submit(*trial) for trial in trials]
        failed = 0
        for future in futures:
            try:
                future.result()
            except Failed as story:
                failed += 1
                print(f"{title}: {story}", file=sys.stderr, flush=True)
            except Exception:  # a trial that broke is a trial that failed
                failed += 1
                print(f"{title}: {traceback.format_exc()}", file=sys.stderr, flush=True)
        self.rows.append((title, len(trials), failed, time.monotonic() - began))
        print(f"{title:<44}{len(trials):>8}{failed:>8}{self.rows[-1][3]:>9.1f} s", flush=True)

    def end(self):
        tried, failed = sum(row[1] for row in self.rows), sum(row[2] for row in self.rows)
        print(f"{'all':<44}{tried:>8}{failed:>8}{sum(row[3] for row in self.rows):>9.1f} s")
        return 1 if failed else 0


def stopped_run(world, spec, epoch):
    """A run stopped before its end, to be damaged or gone on with."""
    place = world.place()
    done = world.train(spec, place, "--until", epoch)
    check(done.code == 0, f"--until {epoch}: {done}")
    return place


def torture(world, scale, jobs, only):
    draw, spec, table = world.random, world.spec(), Table(jobs, only)
    pairs = [(o, s) for o in world.optimizers() for s in world.schedules()]
    draw.shuffle(pairs)
    print(f"{'':<44}{'tried':>8}{'failed':>8}{'time':>11}")
    seeds = iter(range(draw.randrange(1 << 30), 1 << 31))
    table.run("kills at random moments, threads 1 to 3", lambda: [
        (kill_at_random, world, *pairs[i % len(pairs)], next(seeds)) for i in range(scale["kills"])])
    steps = operations(world, spec)
    some = spread(steps, scale["operations"])
    writes = spread([step for step in steps if step[1] == "write"], scale["operations"])
    table.run("kills before a file operation", lambda: [
        (kill_at_operation, world, spec, step[0], "kill") for step in some])
    table.run("kills after a file operation", lambda: [
        (kill_at_operation, world, spec, step[0], "after") for step in some])
    table.run("kills in the middle of a write", lambda: [
        (kill_at_operation, world, spec, step[0], "tear") for step in writes])
    stopped = stopped_run(world, spec, 2)
    table.run("kills of a resume at a file operation", lambda: [
        (kill_resume_at_operation, world, stopped, spec, step[0], how)
        for step, how in zip(some, itertools.cycle(("kill", "after", "tear")))])
    table.run("--until with every schedule", lambda: [
        (stop_until, world, s, 1 + i % 3) for i, s in enumerate(spread(world.schedules(), scale["growths"]))])
    table.run("--until, then more epochs, killed", lambda: [
        (stop_and_grow, world, o, 1 + i % 3) for i, o in enumerate(spread(world.optimizers(), scale["growths"]))])
    table.run("signals: exit 75 and the same bits", lambda: [
        (interrupt, world, n, 1 + i % 3)
        for i, n in enumerate([signal.SIGTERM, signal.SIGINT, signal.SIGUSR1] * scale["signals"])])
    table.run("a second signal: exit 130", lambda: [(interrupt_twice, world)] * scale["signals"])
    table.run("one writer a run", lambda: [(second_writer, world)] * scale["signals"])
    table.run("runs started at once", lambda: [(many_at_once, world, 8)] * scale["signals"])
    table.run("a file operation fails once", lambda: [
        (fail_operation, world, spec, step, draw.choice(ERRORS), "") for step in some])
    table.run("all file operations fail from one on", lambda: [
        (fail_operation, world, spec, step, draw.choice(ERRORS), "+") for step in some])
    table.run("the disk is full in the middle of a write", lambda: [
        (fail_operation, world, spec, step, errno.ENOSPC, "/") for step in writes])
    table.run("file size limits", lambda: [(file_size_limit, world, spec, n) for n in (1, 100, 2000, 10000)])
    pictures = world.spec(epochs=2, pictures=True)
    table.run("the cache of decoded pixels: kills, faults", lambda: [
        (at_cache_operation, world, pictures, step[0], how)
        for step, how in spread(itertools.product(operations(world, pictures, "cache"),
                                                  ("kill", "after", "tear", "28", "5+")), scale["cache"])])
    template = stopped_run(world, spec, 4)
    table.run("damaged checkpoints: flips, cuts, swaps", lambda: [
        (damage, world, template, spec, next(seeds)) for _ in range(scale["damages"])])
    table.run("every checkpoint damaged", lambda: [
        (damage_all, world, template, next(seeds)) for _ in range(scale["damages"] // 10 + 1)])
    table.run("damaged run.h5, STATUS, events.jsonl", lambda: [
        (damage_results, world, template, next(seeds)) for _ in range(scale["damages"] // 4 + 1)])
    table.run("one allocation fails", lambda: [
        (fail_allocation, world, spec, n, "") for n in allocations(world, spec, scale)])
    table.run("all allocations fail from one on", lambda: [
        (fail_allocation, world, spec, n, "+") for n in allocations(world, spec, scale)])
    table.run("one fails, with JPEG files and transforms", lambda: [
        (fail_allocation, world, pictures, n, "") for n in allocations(world, pictures, scale)])
    table.run("an allocation of another command fails", lambda: [
        (starve_command, world, words, scale["allocations"]) for words in commands(world, spec, pictures)])
    return table.end()


SCALES = {
    "short": dict(kills=12, operations=10, growths=4, signals=1, damages=10, allocations=12, cache=10),
    "long": dict(kills=1000, operations=10 ** 6, growths=10 ** 6, signals=5, damages=1000, allocations=10 ** 6,
                 cache=10 ** 6),
}


def main():
    parser = argparse.ArgumentParser(prog="scripts/torture", description=__doc__)
    scale = parser.add_mutually_exclusive_group()
    scale.add_argument("--short", action="store_true", help="some of each, about a minute (the default)")
    scale.add_argument("--long", action="store_true", help="every file operation and allocation, many kills")
    parser.add_argument("--build", default=Path(__file__).resolve().parents[2] / "build" / "release", metavar="DIR",
                        help="the build to torture (default: build/release)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments and places chosen (default: 1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="trials at once (default: one a core)")
    parser.add_argument("--only", default="", metavar="WORDS", help="only the rows whose title holds these words")
    parser.add_argument("--keep", action="store_true", help="leave the folder of the trials and say where it is")
    chosen = parser.parse_args()
    root = tempfile.mkdtemp(prefix="nnrun-torture-")
    try:
        world = World(chosen.build, root, chosen.seed)
        return torture(world, SCALES["long" if chosen.long else "short"], chosen.jobs, chosen.only)
    finally:
        if chosen.keep:
            print(f"the trials lie in {root}", file=sys.stderr)
        else:
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
