"""`python -m benchmarks [--only NAME]`: run the benchmarks, print their tables, keep the results."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from pathlib import Path

from benchmarks.harness import PICTURE, RESULTS, Result, Skipped, keep, run
from benchmarks.picture import draw_picture


def names() -> list[str]:
    """All benchmarks: the modules of this package that have a `benchmark`."""
    others = {"__main__", "harness", "picture", "processes"}
    found = [each.name for each in pkgutil.iter_modules([str(Path(__file__).parent)]) if each.name not in others]
    return [name for name in found if hasattr(importlib.import_module(f"benchmarks.{name}"), "benchmark")]


def main() -> int:
    """Run what was asked for; 1 when a contender gave a wrong answer."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default="", metavar="NAME", help="one benchmark instead of all")
    only = parser.parse_args().only
    known = [only] if only else names()
    if only and only not in names():
        parser.error(f"there is no benchmark {only!r}; there are: {', '.join(names())}")
    results: list[Result] = []
    for name in known:
        try:
            with importlib.import_module(f"benchmarks.{name}").benchmark() as benchmark:
                results += run(benchmark)
        except Skipped as why:
            print(f"\n{name}: skipped, {why}")
    if results:
        keep(results)
        draw_picture(json.loads(RESULTS.read_text("utf-8")), PICTURE)
        print(f"\n{RESULTS}\n{PICTURE}")
    return 1 if any(result.identical is False for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
