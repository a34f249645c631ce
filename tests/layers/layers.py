#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds every #include of core/, plugins/ and include/ against the rule of who may look at whom.

The rule is stated once: by the USES and LINK lists of nnrun_add_layer() in CMakeLists.txt and by the LINK list of each
plugin's nnrun_add_plugin().  A room may include its own headers and those of the rooms it uses; a library's header may
be included where that library is linked, and each library has one room.  The public headers include standard C and each
other.  A plugin includes public headers, standard C, POSIX, what it links, and headers that lie in plugins/.

    layers.py ROOT
"""
import re
import sys
from pathlib import Path

STANDARD_C = set(
    "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic"
    " stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype".split())

# Headers of the system beyond standard C, which any room may use, and plugins too.
SYSTEM = set(
    "dirent fcntl fnmatch ftw getopt glob iconv immintrin langinfo libgen poll pthread pwd sched semaphore spawn strings"
    " termios unistd cpuid x86intrin arm_neon malloc elf execinfo ucontext".split())

# Which library, as CMake links it, brings a header; None: header only, for base.
LIBRARIES = {
    r"yaml\.h": "PkgConfig::yaml",
    r"dlfcn\.h|link\.h": "${CMAKE_DL_LIBS}",
    r"cblas\.h|openblas_config\.h|lapacke\.h": "PkgConfig::openblas",
    r"hdf5\.h|hdf5_hl\.h|H5.*\.h": "PkgConfig::hdf5",
    r"jansson\.h": "PkgConfig::jansson",
    r"xxhash\.h|xxh3\.h": "PkgConfig::xxhash",
    r"sha2?\.h|sha256\.h|sha512\.h|md5\.h": "PkgConfig::md",
    r"jpeglib\.h|jerror\.h|jmorecfg\.h|turbojpeg\.h": "PkgConfig::jpeg",
    r"png\.h": "PkgConfig::png",
    r"zlib\.h": "PkgConfig::zlib",
    r"ut(hash|list|array|string|ringbuffer|stack)\.h": None,
    r"Random123/.*": None,
}
HEADER_ONLY_ROOM = "base"

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
LISTS = {"USES", "LINK", "SOURCE", "OUTPUT", "LABELS"}


def blank_comments(text):
    """The text with its comments blanked, lines kept."""
    return COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment.group()), text)


def cmake_calls(path, function):
    """Each call of a CMake function: its positional arguments, and its keyword lists."""
    text = re.sub(r"#.*", "", path.read_text())
    for call in re.finditer(rf"\b{function}\s*\(([^()]*)\)", text):
        lists, current = {"": []}, ""
        for word in call.group(1).split():
            if word in LISTS:
                current = word
                lists[current] = []
            else:
                lists[current].append(word)
        yield lists


class House:
    """What CMakeLists.txt states."""

    def __init__(self, root):
        self.root = root
        self.uses, self.links, self.complaints = {}, {}, []
        for call in cmake_calls(root / "CMakeLists.txt", "nnrun_add_layer"):
            room = call[""][0]
            for used in call.get("USES", []):
                if used not in self.uses:
                    self.complaints.append(f"CMakeLists.txt: {room} uses {used}, which is not below it")
            self.uses[room] = set(call.get("USES", []))
            self.links[room] = set(call.get("LINK", []))
        for library in sorted(set(filter(None, LIBRARIES.values()))):
            rooms = [room for room, links in self.links.items() if library in links]
            if len(rooms) > 1:
                self.complaints.append(f"CMakeLists.txt: {library} is linked by {' and '.join(rooms)}; one room has it")
        self.plugin_links = {}
        for listing in sorted(root.glob("plugins/**/CMakeLists.txt")):
            for call in cmake_calls(listing, "nnrun_add_plugin"):
                if len(call[""]) >= 2:
                    name = (call[""][0], call[""][1])
                    self.plugin_links.setdefault(name, set()).update(call.get("LINK", []))

    def complain(self, path, line, what):
        self.complaints.append(f"{path.relative_to(self.root)}:{line}: {what}")


def library_of(header):
    for pattern, library in LIBRARIES.items():
        if re.fullmatch(pattern, header):
            return True, library
    return False, None


def is_standard(header):
    return header.endswith(".h") and header[:-2] in STANDARD_C


def is_system(header):
    return header.endswith(".h") and (header[:-2] in SYSTEM or header.startswith(("sys/", "linux/", "gnu/")))


def includes(path):
    text = path.read_text()
    for match in INCLUDE.finditer(blank_comments(text)):
        yield text.count("\n", 0, match.start()) + 1, match.group(1) == '"', match.group(2)


def check_public(house, path):
    for line, quoted, header in includes(path):
        if quoted or not (is_standard(header) or header.startswith("nnrun/")):
            house.complain(path, line, f"a public header includes {header}; allowed are standard C and <nnrun/...>")


def check_library(house, path, line, header, room, links):
    """True where the header is a library's, allowed or complained of."""
    known, library = library_of(header)
    if not known:
        return False
    if library is None and room != HEADER_ONLY_ROOM:
        house.complain(path, line, f"{header} is for {HEADER_ONLY_ROOM} alone")
    elif library is not None and library not in links:
        house.complain(path, line, f"{room} includes {header} but does not link {library}")
    return True


def check_room(house, path, room):
    allowed = house.uses[room] | {room}
    for line, quoted, header in includes(path):
        first = header.split("/")[0]
        if quoted and (path.parent / header).is_file() and (path.parent / header).resolve().is_relative_to(
                (house.root / "core" / room).resolve()):
            continue
        if quoted and first in house.uses:
            if first not in allowed:
                house.complain(path, line, f"{room} looks at {header}; it may use {', '.join(sorted(allowed))}")
            elif not (house.root / "core" / header).is_file():
                house.complain(path, line, f"{header} does not exist")
        elif quoted:
            house.complain(path, line, f'"{header}" is no header of a room')
        elif not (header.startswith("nnrun/") or is_standard(header) or is_system(header)
                  or check_library(house, path, line, header, room, house.links[room])):
            house.complain(path, line, f"<{header}> is neither standard C, POSIX, nnrun's nor a library with a room")


def check_plugin(house, path):
    kind = path.parent.name
    links = house.plugin_links.get((kind, path.stem))
    if links is None:  # a header or source several plugins share: what any of its kind links
        links = set().union(*(made for name, made in house.plugin_links.items() if name[0] == kind))
    plugins = (house.root / "plugins").resolve()
    for line, quoted, header in includes(path):
        if quoted:
            target = (path.parent / header).resolve()
            if not (target.is_file() and target.is_relative_to(plugins)):
                house.complain(path, line, f'"{header}" lies outside plugins/; a plugin includes only <nnrun/...>')
        elif not (header.startswith("nnrun/") or is_standard(header) or is_system(header)
                  or check_library(house, path, line, header, f"plugin {kind}/{path.stem}", links)):
            house.complain(path, line, f"<{header}> is neither standard C, POSIX, nnrun's nor a library it links")


def sources(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in (".c", ".h", ".inc"))


def check(root):
    """All complaints about the tree at root, and the number of files read."""
    root = Path(root).resolve()
    house = House(root)
    files = 0
    for path in sources(root / "include"):
        check_public(house, path)
        files += 1
    for path in sources(root / "core"):
        room = path.relative_to(root / "core").parts[0]
        files += 1
        if room in house.uses:
            check_room(house, path, room)
        else:
            house.complain(path, 1, f"core/{room} is no room: CMakeLists.txt has no nnrun_add_layer({room} ...)")
    for path in sources(root / "plugins"):
        check_plugin(house, path)
        files += 1
    return house.complaints, files


def main(arguments):
    if len(arguments) != 1:
        print("usage: layers.py ROOT", file=sys.stderr)
        return 2
    complaints, files = check(arguments[0])
    for complaint in complaints:
        print(complaint)
    print(f"{files} files, {len(complaints)} complaints")
    return 1 if complaints or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
