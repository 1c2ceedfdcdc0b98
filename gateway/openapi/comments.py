"""What the protos say about their elements in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import liangma
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, FileDescriptorSet

DESCRIPTORS = "descriptors.binpb"
# field numbers in descriptor.proto, of which paths in SourceCodeInfo are made
_MESSAGES, _ENUMS, _SERVICES = 4, 5, 6
_FIELDS, _NESTED_MESSAGES, _NESTED_ENUMS = 2, 3, 4
_VALUES = _METHODS = 2

Path_ = tuple[int, ...]


class Comments:
    """Comments by full name of the element: `liangma.plans.v1.Plan.name`.

    Args:
        files: descriptors with source info.
    """

    def __init__(self, files: Iterable[FileDescriptorProto]) -> None:
        self._of: dict[str, str] = {}
        for file in files:
            said = {tuple(at.path): at.leading_comments for at in file.source_code_info.location}
            for path, name in _elements(file):
                if text := said.get(path, "").strip():
                    self._of[name] = "\n".join(line.removeprefix(" ") for line in text.splitlines())

    @classmethod
    def installed(cls) -> Comments:
        """The comments of the installed contract; none where it was built without them."""
        for root in liangma.__path__:
            file = Path(root, DESCRIPTORS)
            if file.exists():
                return cls(FileDescriptorSet.FromString(file.read_bytes()).file)
        return cls(())

    def of(self, name: str) -> str:
        """The comment on an element, empty if there is none."""
        return self._of.get(name, "")

    def summary(self, name: str) -> str:
        """Its first sentence."""
        text = " ".join(self.of(name).split())
        head, full_stop, _ = text.partition(". ")
        return head if full_stop else text.removesuffix(".")


def _elements(file: FileDescriptorProto) -> Iterator[tuple[Path_, str]]:
    for index, message in enumerate(file.message_type):
        yield from _of_message(message, (_MESSAGES, index), file.package)
    for index, enum in enumerate(file.enum_type):
        yield from _of_enum(enum, (_ENUMS, index), file.package)
    for index, service in enumerate(file.service):
        name = f"{file.package}.{service.name}"
        yield (_SERVICES, index), name
        for at, method in enumerate(service.method):
            yield (_SERVICES, index, _METHODS, at), f"{name}.{method.name}"


def _of_message(message: DescriptorProto, path: Path_, parent: str) -> Iterator[tuple[Path_, str]]:
    name = f"{parent}.{message.name}"
    yield path, name
    for index, field in enumerate(message.field):
        yield (*path, _FIELDS, index), f"{name}.{field.name}"
    for index, nested in enumerate(message.nested_type):
        yield from _of_message(nested, (*path, _NESTED_MESSAGES, index), name)
    for index, enum in enumerate(message.enum_type):
        yield from _of_enum(enum, (*path, _NESTED_ENUMS, index), name)


def _of_enum(enum: Any, path: Path_, parent: str) -> Iterator[tuple[Path_, str]]:
    name = f"{parent}.{enum.name}"
    yield path, name
    for index, value in enumerate(enum.value):
        yield (*path, _VALUES, index), f"{name}.{value.name}"
