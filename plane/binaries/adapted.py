"""Changes of a line or two to pinned modules, made in a copy that is built and thrown away.

Cluster API's managers have no flag for the address that their webhooks listen on, and the
in-memory provider none for its simulated API servers: both take every interface. The plane's
guarantee is the loopback address only, so both are patched to use $POD_IP.

Alertmanager's module lacks the web interface that its release builds and puts in.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from errors import CaasError, Where
from errors.machine import BUILD_FAILED


@dataclass(frozen=True, slots=True)
class Replacement:
    """One replacement of text in a file of a module.

    Attributes:
        module: the Go module.
        file: the path in it.
        old: what stands there, `times` times.
        new: what shall stand there.
    """

    module: str
    file: str
    old: str
    new: str
    times: int = 1


WEBHOOK_ADDRESS = (
    Replacement(
        "sigs.k8s.io/controller-runtime",
        "pkg/webhook/server.go",
        "func (o *Options) setDefaults() {\n",
        "func (o *Options) setDefaults() {\n"
        '\tif o.Host == "" {\n\t\to.Host = os.Getenv("POD_IP")\n\t}\n',
    ),
)
LOOPBACK = (
    *WEBHOOK_ADDRESS,
    Replacement(
        "sigs.k8s.io/cluster-api/test",
        "infrastructure/inmemory/pkg/server/mux.go",
        'net.Listen("tcp", fmt.Sprintf(":%d", ',
        'net.Listen("tcp", fmt.Sprintf("%s:%d", m.host, ',
        times=3,
    ),
)
WITHOUT_INTERFACE = (
    Replacement(
        "github.com/prometheus/alertmanager",
        "ui/web.go",
        "//go:embed app/dist\n",
        "//go:embed app/index.html\n",
    ),
)


def adapt(
    pinned: Path, changes: tuple[Replacement, ...], modules: Mapping[str, Path], target: Path
) -> Path:
    """Copies pinned module files to `target`, with the changed modules beside them.

    Args:
        pinned: the folder with go.mod and go.sum.
        changes: what to change.
        modules: where the sources of the changed modules are.
        target: a folder that does not exist yet.

    Returns:
        `target`: a folder to build in.

    Raises:
        CaasError: CAAS-2023 when a module does not have the text that is to be changed.
    """
    target.mkdir()
    shutil.copyfile(pinned / "go.sum", target / "go.sum")
    replacements = []
    for change in changes:
        copy = target / change.module.replace("/", "_")
        if not copy.exists():
            shutil.copytree(modules[change.module], copy, copy_function=shutil.copyfile)
            for folder in (copy, *(path for path in copy.rglob("*") if path.is_dir())):
                folder.chmod(0o755)  # the module cache is read-only, and the copy is to be removed
            replacements.append(f"replace {change.module} => ./{copy.name}\n")
        _edit(copy / change.file, change)
    go_mod = (pinned / "go.mod").read_text()
    (target / "go.mod").write_text(f"{go_mod}\n{''.join(replacements)}")
    return target


def _edit(path: Path, change: Replacement) -> None:
    path.write_text(edited(path.read_text(), change))


def edited(text: str, change: Replacement) -> str:
    """The text of a module's file with a change; CAAS-2023 where it is not what is changed."""
    if text.count(change.old) != change.times:
        raise CaasError(
            BUILD_FAILED,
            f"{change.module} is not what this release of caas adapts",
            where=Where(file=f"{change.module}/{change.file}"),
            why=f"a text was found {text.count(change.old)} times instead of {change.times}",
        )
    return text.replace(change.old, change.new)
