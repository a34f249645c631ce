# SPDX-License-Identifier: MIT
"""The words of the command line."""

import argparse
import json
import os
import sys

from . import cores
from . import folder as folders
from . import outcome as outcomes
from . import outside
from . import progress as progresses
from . import session as sessions
from . import slurm as clusters
from . import table as tables
from .trouble import DONE, FAILED, INTERRUPTED, USAGE, Trouble, suggestion

RESULTS = "results/sweeps"
JOBS_MOST = 100  # of a job array, unless asked otherwise
PICTURES = ("parallel", "axis", "axes", "curves")


def say(text):
    print(text if "\n" in text or ": error" in text else f"sweep: {text}", file=sys.stderr)


def find_folder(name):
    """The sweep folder that an argument means: a folder, the name of a sweep, or its file."""
    stem = os.path.splitext(os.path.basename(name))[0]
    for path in (name, os.path.join(RESULTS, name), os.path.join(RESULTS, stem)):
        if os.path.isfile(os.path.join(path, "sweep.json")):
            return folders.Folder(path)
    there = sorted(os.listdir(RESULTS)) if os.path.isdir(RESULTS) else []
    raise Trouble(f"{name}: no such sweep; looked for a folder with sweep.json there and in {RESULTS}\n"
                  f"  {suggestion(stem, there)}start one with scripts/sweep run FILE")


def share(settings, options):
    """(jobs, threads) of the file or the command line, as far as the cores bear them."""
    jobs, threads, notice = cores.share(options.jobs or settings.jobs, options.threads or settings.threads, cores.available())
    if notice:
        say(notice)
    return jobs, threads


# ---- run, resume

def run(options):
    plan = sessions.Plan(options.sweep, options.nnrun)
    for line in plan.summary() if options.dry_run or not options.quiet else ():
        say(line)
    if options.dry_run:
        say(plan.estimate())
        for point in plan.points:
            for trial in point.trials:
                chosen = " ".join(f"{key}={text}" for key, text in {**point.values, **trial.repeat}.items())
                print(f"{trial.hash}  {chosen}")
        return DONE
    folder = folders.Folder(options.out or os.path.join(RESULTS, plan.sweep.name))
    there = plan.place(folder)
    session = sessions.Session(folder)
    open_ = [trial for trial in session.board.trials if not session.board.is_final(trial)]
    if there and not options.quiet:
        say(f"{folder.path}: goes on; {len(session.board.trials) - len(open_)} trials are done already")
    elif not options.quiet:
        say(plan.estimate())
    return work(session, options)


def resume(options):
    folder = find_folder(options.sweep)
    session = sessions.Session(folder)
    plan = sessions.Plan(folder.file("sweep.yaml"), options.nnrun or session.nnrun(), session.cwd)
    planned = {line["trial"] for line in folder.plan()}
    now = {trial.hash for point in plan.points for trial in point.trials}
    if plan.points and not now <= planned:
        raise Trouble(f"{folder.path}: {len(now - planned)} of {len(now)} trials are not those planned: the base, a plugin or the "
                      f"data changed since\n  scripts/sweep run {session.origin['file']} plans anew and keeps what still holds")
    return work(session, options)


def work(session, options):
    jobs, threads = share(session.sweep.settings, options)
    code, show = sessions.go_on(session, jobs, threads, options.quiet, options.wait)
    done, failed, paused = show.counts()
    told = f"{done} trials done" + (f", {paused} stopped early" if paused else "") + (f", {failed} failed" if failed else "")
    if code == INTERRUPTED:
        say(f"interrupted: {told}; scripts/sweep resume {session.folder.path} goes on")
    elif not options.quiet:
        say(told)
        if failed:
            say(f"scripts/sweep status {session.folder.path} says why, retry tries them again")
    return code


# ---- status, retry

def status(options):
    session = sessions.Session(find_folder(options.sweep))
    board = session.board
    total = session.method().total()
    running = board.claimed()
    if options.json:
        print(json.dumps({"sweep": session.sweep.name, "folder": session.folder.path, "trials": total,
                          "done": board.count("done"), "paused": board.count("paused"), "running": len(running),
                          "failed": board.count(*outcomes.FAILURES), "epochs": board.epochs(),
                          "best": board.leader()[0] if board.leader() else None}))
        return DONE
    show = progresses.Progress(board, lambda: total, True)
    print(f"{session.sweep.name}: {show.line(len(running))}")
    for hash_, trial in board.trials.items():
        told = board.outcomes.get(hash_)
        if told and told["state"] in outcomes.FAILURES:
            print(f"{told['state']}  {hash_}  {' '.join(trial.overrides)}")
            for line in told["reason"].splitlines():
                print(f"    {line}")
            print(f"    log: {session.folder.trial(hash_, 'log')}")
    return DONE


def retry(options):
    session = sessions.Session(find_folder(options.sweep))
    again = [hash_ for hash_ in session.board.trials
             if (session.board.outcomes.get(hash_) or {}).get("state") in outcomes.FAILURES]
    for hash_ in again:
        if session.board.outcomes[hash_]["state"] != "timeout" and session.folder.run_of(hash_):
            session.folder.put_aside(session.folder.run_of(hash_))
        session.folder.forget(hash_)
    say(f"{len(again)} failed trials are open again")
    return resume(options) if again else DONE


# ---- ask, tell

def ask(options):
    session = open_or_plan(options)
    text = "\n".join(options.points) if options.points else sys.stdin.read()
    for answer in outside.ask(session, text):
        print(json.dumps(answer), flush=True)
    return DONE


def open_or_plan(options):
    """The session of a sweep; that of a file which has no folder yet is planned first."""
    folder = options.out and folders.Folder(options.out)
    if folder and os.path.isfile(folder.file("sweep.json")):
        return sessions.Session(folder)
    try:
        return sessions.Session(find_folder(options.sweep))
    except Trouble:
        if not os.path.isfile(options.sweep):
            raise
    plan = sessions.Plan(options.sweep, options.nnrun)
    folder = folders.Folder(options.out or os.path.join(RESULTS, plan.sweep.name))
    plan.place(folder)
    return sessions.Session(folder)


def tell(options):
    session = sessions.Session(find_folder(options.sweep))
    for answer in outside.tell(session, options.points):
        print(json.dumps(answer))
    return DONE


# ---- slurm

def slurm(options):
    session = open_or_plan(options)
    session.nnrun()  # told here rather than by every job
    jobs = options.jobs or min(JOBS_MOST, max(1, sum(1 for trial in session.board.trials if not session.board.is_final(trial))))
    threads = options.threads or session.sweep.settings.threads
    path = clusters.write(session, jobs, threads, options.sbatch)
    if options.dry_run:
        print(path)
        return DONE
    print(clusters.submit(path))
    return DONE


# ---- table, plot

def plot(options):
    from . import plot as plots

    session = sessions.Session(find_folder(options.sweep))
    plots.draw(session.board, options.kind, options.keys, options.out, options.top)
    return DONE


def table(options):
    session = sessions.Session(find_folder(options.sweep))
    form = next((form for form in ("csv", "json", "md", "latex") if getattr(options, form)), "text")
    sys.stdout.write(tables.show(session.board, form, options.top))
    return DONE


# ---- words

def add_work(parser):
    parser.add_argument("--jobs", type=whole, metavar="N", help="trials at a time, whatever the sweep says")
    parser.add_argument("--threads", type=whole, metavar="N", help="threads of a trial, whatever the sweep says")
    parser.add_argument("--no-wait", dest="wait", action="store_false", help="end when others run all that is left")
    parser.add_argument("--quiet", action="store_true", help="errors only")
    parser.add_argument("--nnrun", metavar="FILE", help="the program (default build/release/nnrun)")


def add_place(parser):
    parser.add_argument("--out", metavar="DIR", help=f"the sweep's folder, if it is new (default {RESULTS}/NAME)")
    parser.add_argument("--nnrun", metavar="FILE", help="the program (default build/release/nnrun)")


def whole(text):
    if text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f'"{text}" is not a whole number above 0')


def parser_of(manual):
    parser = argparse.ArgumentParser(prog="scripts/sweep", description=manual, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    words = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def word(name, function, about, what="sweep"):
        made = words.add_parser(name, help=about, description=about, allow_abbrev=False)
        made.add_argument(what, metavar="FILE" if name == "run" else "SWEEP",
                          help="a sweep file" if name == "run" else "a sweep's folder, name or file")
        made.set_defaults(function=function)
        return made

    made = word("run", run, "checks every trial, then runs those that are not done")
    made.add_argument("--out", metavar="DIR", help=f"the sweep's folder (default {RESULTS}/NAME)")
    made.add_argument("--dry-run", action="store_true", help="show the plan; train and write nothing")
    add_work(made)
    add_work(word("resume", resume, "runs exactly what is not done, beside others or after a kill"))
    word("status", status, "how a sweep stands, and why trials failed").add_argument("--json", action="store_true")
    made = word("table", table, "mean and spread of each point over its repeats, the best first")
    forms = made.add_mutually_exclusive_group()
    for form in ("csv", "json", "md", "latex"):
        forms.add_argument(f"--{form}", action="store_true")
    made.add_argument("--top", type=whole, default=0, metavar="N", help="the first N points only")
    made = word("plot", plot, "a picture of a sweep; its spreads are standard deviations over the repeats")
    made.add_argument("kind", choices=PICTURES, metavar="KIND", help="parallel: every point as a line through its values; axis KEY: "
                      "the objective along one axis; axes KEY KEY: a line for each value of the second; curves: of the best points")
    made.add_argument("keys", nargs="*", metavar="KEY", help="an axis, by its key or its short name in the table")
    made.add_argument("-o", "--out", required=True, metavar="FILE", help="its ending says the form: .png, .svg or .pdf")
    made.add_argument("--top", type=whole, default=0, metavar="N", help="curves of the first N points (default 6)")
    add_work(word("retry", retry, "runs the failed trials again"))
    made = word("slurm", slurm, "writes a job array that claims trials from this folder, and submits it")
    made.add_argument("--jobs", type=whole, metavar="N", help="jobs of the array (default: open trials, at most 100)")
    made.add_argument("--threads", type=whole, metavar="N", help="cores of a job (default: as the sweep says)")
    made.add_argument("--dry-run", action="store_true", help="write the script and print its name; submit nothing")
    made.add_argument("--sbatch", action="append", default=[], metavar="OPTION",
                      help="an option of sbatch, such as --sbatch=--time=2:00:00 (may be repeated)")
    add_place(made)
    made = word("ask", ask, "adds points that another program chose: JSON objects, as arguments or on standard input")
    made.add_argument("points", nargs="*", metavar="JSON", help='such as \'{"training.optimizer.rate": 0.1}\'')
    add_place(made)
    word("tell", tell, "what has come of points, JSON a line a point").add_argument("points", nargs="*", metavar="POINT",
                                                                                 help="their numbers (default: all)")
    return parser


def main(arguments, manual):
    options = parser_of(manual).parse_args(arguments)
    try:
        return options.function(options)
    except Trouble as trouble:
        text = str(trouble)
        print(text if ": error: " in text.splitlines()[0] else f"scripts/sweep: error: {text}", file=sys.stderr)
        return trouble.code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
