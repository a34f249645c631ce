# SPDX-License-Identifier: MIT
"""Every listing of docs/PLUGINS.md: files are written as their fence names them, commands are run in the order of the page.

```c NAME, ```yaml NAME   a file
```sh                     commands that succeed; ```sh fails TEXT: the last one must fail and say TEXT

The table of what `plugins check` asks has the rows that the program has, each with its kinds.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

PAGE = f"{os.environ['NNRUN_TEST_SOURCE']}/docs/PLUGINS.md"
BINARY = os.environ["NNRUN_TEST_BINARY"]


def run(commands, folder, fails, expected):
    kept = {key: value for key, value in os.environ.items() if not key.startswith("NNRUN_")}
    kept["PATH"] = f"{os.path.dirname(BINARY)}:{kept['PATH']}"
    kept["XDG_CACHE_HOME"] = f"{folder}/cache"
    done = subprocess.run(["sh", "-ec", commands], cwd=folder, env=kept, capture_output=True, text=True, check=False)
    if (done.returncode != 0) != fails:
        sys.exit(f"docs/PLUGINS.md: this ended with {done.returncode}:\n{commands}\n{done.stdout}{done.stderr}")
    said = done.stdout + done.stderr
    if expected not in said:
        sys.exit(f"docs/PLUGINS.md: this does not say \"{expected}\":\n{commands}\n{said}")
    if "warning" in done.stderr:
        sys.exit(f"docs/PLUGINS.md: this warns:\n{commands}\n{done.stderr}")


def answer(*words):
    """JSON lines of the program; a check that fails is none of this test's business."""
    done = subprocess.run([BINARY, "plugins", *words, "--json"], capture_output=True, text=True, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


def asked():
    """The rows of `plugins check`, each with its kinds."""
    rows = {}
    one_each = {plugin["kind"]: plugin["name"] for plugin in answer()[0]["plugins"]}
    for kind, name in one_each.items():
        for result in answer("check", f"{kind}/{name}"):
            rows.setdefault(result["check"], set()).add(kind)
    return {row: {"every"} if kinds == set(one_each) else kinds for row, kinds in rows.items()}


def described(page):
    """The rows as the page's table has them."""
    return {row: set(kinds.split(", ")) for row, kinds in re.findall(r"^\| `(\w+)` \| ([a-z, ]+) \| ", page, re.MULTILINE)}


def main(folder):
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    if described(page) != asked():
        sys.exit(f"docs/PLUGINS.md: its table of rows is\n{described(page)}\n`plugins check` has\n{asked()}")
    listings = re.findall(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    counts = {"file": 0, "sh": 0}
    for language, name, text in listings:
        if language == "sh":
            fails, _, expected = name.partition(" ")
            assert fails in ("", "fails"), name
            run(text, folder, fails == "fails", expected)
            counts["sh"] += 1
        else:
            assert name, f"a {language} listing without a name"
            with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
            counts["file"] += 1
    assert counts["file"] >= 5 and counts["sh"] >= 10, counts
    lines = [len([line for line in text.splitlines() if line.strip()]) for kind, _, text in listings if kind == "c"]
    print(f"{counts['file']} files and {counts['sh']} groups of commands; plugins of {lines} lines")


with tempfile.TemporaryDirectory(prefix="nnrun-docs-") as temporary:
    main(temporary)
