"""The script of the collectors in a real Lua, with a clock that tests set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.addons.examples import addon

TIME = 1.0
NODE, CLUSTER = "node-1", "shop"
_BEFORE = """
local now = 1000
os.time = function() return now end
os.getenv = function(name) return ({ NODE_NAME = "node-1", CLUSTER_NAME = "shop" })[name] end
function advance(seconds) now = now + seconds end
"""


@dataclass
class Collector:
    """Runs records through the script of the collector.

    Attributes:
        lua: the runtime that has the script in it.
    """

    lua: Any

    def record(self, tag: str, **record: Any) -> dict[str, Any] | None:
        """The record that comes out; None where it is dropped."""
        return self.timed(tag, **record)[1]

    def timed(self, tag: str, **record: Any) -> tuple[float, dict[str, Any] | None]:
        """The time of a record that came at TIME, and what comes out."""
        table = self.lua.table_from(record, recursive=True)
        code, time, new = self.lua.globals().process(tag, TIME, table)
        assert code in (-1, 1)
        return time, dict(new) if code == 1 else None

    def line(self, text: str, namespace: str = "shop", **labels: str) -> str | None:
        """The text that is left of a line of a container; None where it is dropped."""
        found = self.container(text, namespace, **labels)
        return found["log"] if found else None

    def container(self, text: str, namespace: str = "shop", **labels: str) -> dict[str, Any] | None:
        """The record of a line of a container; `labels` are those of its namespace."""
        tag = f"in.containers.var.log.containers.web-1.a_{namespace}_my-app-{'0a' * 32}.log"
        about = {"name": namespace, "labels": {k.replace("_", "/"): v for k, v in labels.items()}}
        return self.record(tag, log=text, stream="stdout", kubernetes_namespace=about)

    def advance(self, seconds: int) -> None:
        """Lets time go by."""
        self.lua.globals().advance(seconds)


def runtime() -> Any:
    """LuaJIT, which Fluent Bit has too; the test is skipped where lupa is not installed."""
    module = pytest.importorskip("lupa.luajit21", reason="lupa, a Lua for Python, is not installed")
    return module.LuaRuntime(unpack_returned_tuples=True)


def collector(**settings: Any) -> Collector:
    """The script as these settings of `logs` make it."""
    charts = {chart.name: chart for chart in addon("logs", settings).charts}
    return loaded(charts["fluent-bit"].values["luaScripts"]["records.lua"])


def loaded(script: str) -> Collector:
    """A script of a collector."""
    lua = runtime()
    lua.execute(_BEFORE + script)
    return Collector(lua)
