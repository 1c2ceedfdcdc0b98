"""A contract of the tests' own, compiled on first use: it exists nowhere else and uses every case of the mapping."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from google.api import annotations_pb2, field_behavior_pb2, httpbody_pb2
from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message_factory import GetMessageClass
from liangma.type.v1 import access_pb2, page_pb2

from gateway.transcoder.contract import Contract

DEPENDENCIES = (  # files the trial imports must be known before it is
    annotations_pb2,
    field_behavior_pb2,
    httpbody_pb2,
    any_pb2,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
    access_pb2,
    page_pb2,
)
_HERE = Path(__file__).parent
_FILE = "liangma/trial/v1/trial.proto"


def compile_protos(root: Path, *files: str) -> descriptor_pb2.FileDescriptorSet:
    """What protoc makes of proto files, with their comments."""
    google = find_spec("google.api")
    assert google is not None
    assert google.submodule_search_locations
    include = Path(next(iter(google.submodule_search_locations))).parent.parent
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory, "set.binpb")
        roots = [f"-I{path}" for path in (root, _HERE.parent.parent / "protos", include)]
        flags = ["--include_source_info", "--include_imports", f"--descriptor_set_out={out}"]
        subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *roots, *flags, *files], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())


@cache
def descriptor_set() -> descriptor_pb2.FileDescriptorSet:
    """The trial with all it imports and its comments."""
    return compile_protos(_HERE / "protos", _FILE)


@cache
def file() -> FileDescriptor:
    """The trial's file."""
    own = next(f for f in descriptor_set().file if f.name == _FILE)
    return descriptor_pool.Default().AddSerializedFile(own.SerializeToString())


@cache
def contract() -> Contract:
    """The trial as a contract."""
    return Contract.of_files([file()])


def message(name: str) -> Any:
    """The class of one of the trial's messages."""
    return GetMessageClass(file().message_types_by_name[name])
