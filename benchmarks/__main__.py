"""Measures what the project promises, as ratios in one run: `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import check, command_line, fleet, plane, program

ALL = {
    "command-line": command_line.run,
    "program": program.run,
    "check": check.run,
    "plane": plane.run,
    "fleet": fleet.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ALL)}; else all")
    chosen = parser.parse_args().names or list(ALL)
    unknown = [name for name in chosen if name not in ALL]
    if unknown:
        parser.error(f"no benchmark {unknown[0]}; there are {', '.join(ALL)}")
    with tempfile.TemporaryDirectory(prefix="caas-bench-") as folder:
        for name in chosen:
            print(f"\n{name}", flush=True)
            ALL[name](Path(folder) / name)
    return 0


sys.exit(main())
