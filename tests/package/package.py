# SPDX-License-Identifier: MIT
"""Installs into a prefix, moves it, and works as somebody who has nothing else: lists, makes a plugin, builds it
with find_package(nnrun), with pkg-config and with `nnrun plugins build`, trains with it.

    package.py CMAKE
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BUILD = os.environ["NNRUN_TEST_BUILD"]
CMAKE = sys.argv[1]


def run(*words, cwd, **environment):
    kept = {key: value for key, value in os.environ.items() if not key.startswith("NNRUN_")}
    done = subprocess.run(words, cwd=cwd, env={**kept, **environment}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def walk_links(share):
    """Every relative link of an installed page leads to something installed."""
    walked, dead = 0, []
    for page in Path(share).rglob("*.md"):
        text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:|#", link):
                continue
            walked += 1
            if not (page.parent / link.partition("#")[0]).exists():
                dead.append(f"{page}: {link}")
    assert not dead, "links that lead nowhere:\n" + "\n".join(dead)
    return walked


def main(folder):
    run(CMAKE, "--install", BUILD, "--prefix", f"{folder}/first", cwd=folder)
    prefix = f"{folder}/moved elsewhere"
    os.rename(f"{folder}/first", prefix)
    nnrun = f"{prefix}/bin/nnrun"
    here = {"XDG_CACHE_HOME": f"{folder}/cache"}

    links = walk_links(f"{prefix}/share")
    assert links >= 80, links
    headers = Path(prefix, "share/doc/nnrun/docs/PLUGINS.md").read_text(encoding="utf-8")
    assert headers.count("/include/nnrun/loader.h)") >= 1  # these are led to, not only dropped

    plugins = json.loads(run(nnrun, "plugins", "--json", cwd=folder, **here))["plugins"]
    assert len(plugins) >= 40, f"{len(plugins)} plugins are installed"
    assert all(plugin["file"].startswith(prefix) for plugin in plugins)
    told = re.search("^plugin folder +(.*)$", run(nnrun, "doctor", cwd=folder, **here), re.MULTILINE).group(1)
    assert told.startswith(prefix) and told == os.path.normpath(told), told
    assert all(plugin["file"] == f"{told}/{plugin['kind']}/{plugin['name']}.so" for plugin in plugins), told

    run(nnrun, "plugins", "new", "activation", "softsign", cwd=folder, **here)
    work = f"{folder}/softsign"
    run(nnrun, "plugins", "check", "softsign.c", cwd=work, **here)
    run(nnrun, "run", "softsign.yaml", "training.epochs=2", "--out", "runs", cwd=work, **here)
    run(nnrun, "plugins", "build", "softsign.c", cwd=work, **here)

    # The same with CMake, as the README beside it says.
    os.remove(f"{work}/softsign.so")
    run(CMAKE, "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}", cwd=work)
    run(CMAKE, "--build", "build", cwd=work)
    built = f"{work}/build/plugins"
    checked = run(nnrun, "plugins", "check", f"{built}/activation/softsign.so", cwd=work, **here)
    assert ", 0 failed" in checked
    found = json.loads(run(nnrun, "plugins", "show", "softsign", "--json", "--plugin-path", built, cwd=work, **here))
    variants = {(variant["bits"], variant["isa"]) for variant in found["variants"]}
    expected = {(variant["bits"], variant["isa"]) for variant in plugins[0]["variants"]}
    assert variants == expected, variants

    # And with no more than a compiler: one precision, one instruction set.
    if shutil.which("pkg-config"):
        packages = [f"{root}" for root, _, files in os.walk(prefix) if "nnrun.pc" in files]
        flags = run("pkg-config", "--cflags", "nnrun", cwd=work, PKG_CONFIG_PATH=packages[0])
        run("sh", "-c", f"cc -O2 -shared -fPIC {flags.strip()} softsign.c -lm -o plain.so", cwd=work)
        assert ", 0 failed" in run(nnrun, "plugins", "check", "./plain.so", cwd=work, **here)
    print(f"{links} links hold, {len(plugins)} plugins installed, one more built three ways")


with tempfile.TemporaryDirectory(prefix="nnrun-package-") as temporary:
    main(temporary)
