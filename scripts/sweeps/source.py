# SPDX-License-Identifier: MIT
"""A YAML file as nodes that know where they were written.  Scalars stay the text they are: YAML's own
typing would make a text of 1e-3 and a boolean of `on`."""

import os

import yaml

from .trouble import Trouble, suggestion

FILE_MOST = 4 << 20


class Source:
    """The text of a file, and the mistakes found in it so far."""

    def __init__(self, path):
        self.path = path
        self.text = self.read()
        self.lines = self.text.splitlines()
        self.mistakes = []

    def read(self):
        try:
            if os.path.isfile(self.path) and os.path.getsize(self.path) > FILE_MOST:
                raise Trouble(f"{self.path}: more than {FILE_MOST} bytes: this is no sweep file")
            with open(self.path, encoding="utf-8") as file:
                return file.read()
        except OSError as error:
            raise Trouble(f"{self.path}: can't be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise Trouble(f"{self.path}: not UTF-8 text: {error.reason} at byte {error.start}") from error

    def compose(self):
        """The root node, or None for an empty file."""
        try:
            return yaml.compose(self.text, Loader=yaml.BaseLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise Trouble(self.message(mark.line, mark.column, 1,
                                       f"not valid YAML: {error.problem or error.context}")) from error
        except (yaml.YAMLError, RecursionError) as error:
            raise Trouble(f"{self.path}: not valid YAML: {str(error).splitlines()[0]}") from error

    def message(self, line, column, width, text, hint=""):
        """Place, sentence, the line itself, and a mark under what is meant."""
        shown = self.lines[line] if line < len(self.lines) else ""
        mark = "^" + "~" * (max(1, min(width, len(shown) - column)) - 1)
        head = f"{self.path}:{line + 1}:{column + 1}: error: {text}"
        lines = [head, f"{line + 1:5} | {shown}", f"      | {' ' * column}{mark} {hint}".rstrip()]
        return "\n".join(lines)

    def at(self, node, text, hint=""):
        """The message of a mistake at a node."""
        start, end = node.start_mark, node.end_mark
        width = end.column - start.column if end.line == start.line else 1
        return self.message(start.line, start.column, width, text, hint)

    def wrong(self, node, text, hint=""):
        """Notes a mistake; all are told together."""
        self.mistakes.append(self.at(node, text, hint))

    def settle(self):
        """Tells the mistakes, if there are any."""
        if self.mistakes:
            raise Trouble("\n".join(dict.fromkeys(self.mistakes)))


def is_scalar(node):
    return isinstance(node, yaml.ScalarNode)


def is_list(node):
    return isinstance(node, yaml.SequenceNode)


def is_mapping(node):
    return isinstance(node, yaml.MappingNode)


def kind_of(node):
    if is_mapping(node):
        return "a mapping"
    return "a list" if is_list(node) else f'"{node.value}"'


def pairs(source, node, where):
    """The (key text, key node, value node) of a mapping; keys that are no text, or come twice, are wrong."""
    seen = {}
    for key, value in node.value:
        if not is_scalar(key):
            source.wrong(key, f"{where}: a key must be a word")
        elif key.value in seen:
            first = seen[key.value].start_mark.line + 1
            source.wrong(key, f'{where}: the key "{key.value}" is there twice', f"the first is in line {first}")
        else:
            seen[key.value] = key
            yield key.value, key, value


def fields(source, node, where, known):
    """{key: value node} of a mapping that takes the `known` keys only; x-* are the user's own."""
    found = {}
    if not is_mapping(node):
        source.wrong(node, f"{where}: wants a mapping, not {kind_of(node)}", f"it takes: {', '.join(known)}")
        return found
    for key, key_node, value in pairs(source, node, where):
        if key in known:
            found[key] = value
        elif not key.startswith("x-"):
            source.wrong(key_node, f'{where}: there is no key "{key}"',
                         f"{suggestion(key, known)}{where} takes: {', '.join(known)}")
    return found
