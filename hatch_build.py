"""Turns the contract in protos/ into Python: on every install, and again with `make protos`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

DESCRIPTORS = "liangma/descriptors.binpb"  # the contract with its comments, for the gateway's documentation


def google_protos() -> Path:
    """The folder that holds google/api/*.proto.

    Raises:
        RuntimeError: the package that brings them is not installed.
    """
    google = find_spec("google.api")
    if google is None or not google.submodule_search_locations:
        raise RuntimeError("googleapis-common-protos is not installed: it brings google/api/*.proto")
    return Path(next(iter(google.submodule_search_locations))).parent.parent


def copy_google_protos(to: Path) -> None:
    """Put the google/api files our contract imports where buf, which reads no site-packages, finds them."""
    target = to / "google" / "api"
    target.mkdir(parents=True, exist_ok=True)
    for name in ("annotations", "http", "httpbody", "field_behavior"):
        shutil.copyfile(google_protos() / "google" / "api" / f"{name}.proto", target / f"{name}.proto")


def generate(root: Path) -> None:
    """Write messages, stubs and their types beside the .proto files.

    Raises:
        subprocess.CalledProcessError: protoc refused a file; it has said why on standard error.
    """
    protos = root / "protos"
    files = sorted(str(file.relative_to(protos)) for file in protos.rglob("*.proto"))
    tools = Path(sys.executable).parent
    plugins = [f"--plugin={name}={tools / name}" for name in ("protoc-gen-mypy", "protoc-gen-mypy_grpc")]
    outputs = [f"--{kind}_out={protos}" for kind in ("python", "grpc_python", "mypy", "mypy_grpc")]
    command = [
        sys.executable,
        "-m",
        "grpc_tools.protoc",
        f"-I{protos}",
        f"-I{google_protos()}",
        *plugins,
        *outputs,
        *("--include_source_info", "--include_imports", f"--descriptor_set_out={protos / DESCRIPTORS}"),
        *files,
    ]
    subprocess.run(command, check=True, cwd=protos)


class ProtoBuildHook(BuildHookInterface[BuilderConfig]):
    """hatchling calls this before it collects files, for a wheel as for an editable install."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        generate(Path(self.root))


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--google":
        copy_google_protos(Path(sys.argv[2]))
    else:
        generate(Path(__file__).resolve().parent)
