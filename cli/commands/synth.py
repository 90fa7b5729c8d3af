"""`caas synth`."""

from __future__ import annotations

from pathlib import Path

import yaml

from cli import console
from cli.options import OutDirectory, Stack
from engine.objects import Key
from engine.session import Session
from plane.progress import Silent

EXAMPLES = {
    "./caas synth": "every object of the local stack, as one YAML stream",
    "./caas synth prod --out rendered": "one file per object, for a GitOps repository",
}


def command(stack: Stack = "local", out: OutDirectory = None) -> None:
    """Write the Kubernetes objects of a stack to files, or print them.

    Runs the program alone: no cluster and no credentials are needed. The order is that of the
    dependencies, so that `kubectl apply --server-side -f` works from the top.

    Secrets are written as `[secret]`, and values that are known only after creation as
    `<known after creation>`: objects with these are for reading, not for applying.
    """
    objects = Session(stack, Silent()).record().objects()
    if out is None:
        console.say(yaml.dump_all(objects, Dumper=yaml.CSafeDumper, sort_keys=False).rstrip())
        return
    out.mkdir(parents=True, exist_ok=True)
    width = len(str(len(objects)))
    written = set()
    for number, manifest in enumerate(objects):
        name = f"{number:0{width}d}-{_file_name(Key.of(manifest))}"
        (out / name).write_text(yaml.dump(manifest, Dumper=yaml.CSafeDumper, sort_keys=False))
        written.add(name)
    console.say(f"{len(objects)} objects in {out}")
    _warn_of_others(out, written)


def _file_name(key: Key) -> str:
    return f"{key.kind.lower()}-{key.name}.yaml"


def _warn_of_others(out: Path, written: set[str]) -> None:
    others = sorted(path.name for path in out.glob("*.yaml") if path.name not in written)
    if others:
        console.warn(f"Not of this run, left as they are: {', '.join(others[:5])}")
