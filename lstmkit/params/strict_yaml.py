"""Reads YAML without aliases, tags and repeated keys, and with the plain words and numbers of YAML 1.2."""

import re
from pathlib import Path
from typing import Any, ClassVar

import yaml

from lstmkit.errors import LstmkitError

MOST_BYTES = 65_536
MOST_LEVELS = 16
TYPES = {  # as YAML 1.2 has them: `no` is a word, 12:30 and 2024-01-01 are too, and 1e-3 is a number
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "int": (r"[-+]?(0|[1-9][0-9]{0,29})", "-+0123456789"),
    "float": (
        r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
}
TEXT = "tag:yaml.org,2002:str"


def read_yaml(path: Path) -> Any:
    """Read a YAML file of one document.

    Args:
        path: of the file.

    Returns:
        Dictionaries with keys of text, lists and plain values; none for an empty file.

    Raises:
        LstmkitError: the file cannot be read, is not UTF-8, is no YAML, or says what `_Loader` refuses.
    """
    try:
        return yaml.load(_read_text(path), _Loader)
    except _Refused as error:
        raise LstmkitError(f"{path}: {error}") from None
    except yaml.YAMLError as error:
        raise LstmkitError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from None


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise LstmkitError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(content) > MOST_BYTES:
        raise LstmkitError(f"{path}: larger than {MOST_BYTES // 1024} KiB, so this is no study's YAML")
    try:
        text, wrong = content.decode("utf-8-sig"), content.find(b"\0")  # UTF-16 is full of zeros
    except UnicodeDecodeError as error:
        wrong = error.start
    if wrong >= 0:
        line = content.count(b"\n", 0, wrong) + 1
        raise LstmkitError(f"{path}: line {line} is not UTF-8 text: save it as UTF-8")
    return text


class _Refused(yaml.YAMLError):
    """What YAML allows and a study's file must not hold."""

    def __init__(self, mark: yaml.Mark, complaint: str):
        super().__init__(f"line {mark.line + 1}: {complaint}")


class _Loader(yaml.SafeLoader):
    """Refuses aliases (they multiply), tags, keys that are repeated or no text, and deep nesting."""

    yaml_implicit_resolvers: ClassVar[dict] = {}
    levels = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            alias = f"an alias (*{event.anchor}) is not allowed: write the value out"
            raise _Refused(event.start_mark, alias)
        if getattr(event, "tag", None) is not None:
            raise _Refused(event.start_mark, "a tag (!) is not allowed: write the value without it")
        if self.levels == MOST_LEVELS:
            raise _Refused(event.start_mark, f"nested more than {MOST_LEVELS} levels deep")
        self.levels += 1
        node = super().compose_node(parent, index)
        self.levels -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if key.tag != TEXT:
                raise _Refused(key.start_mark, "a key must be text: put it in quotes")
            if key.value in lines:
                twice = (
                    f"the key {key.value[:40]!r} is there twice, first in line {lines[key.value]}: delete one"
                )
                raise _Refused(key.start_mark, twice)
            lines[key.value] = key.start_mark.line + 1
        return super().construct_mapping(node, deep)


for _name, (_pattern, _first) in TYPES.items():
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(f"(?:{_pattern})\\Z"), list(_first)
    )
