"""The script of the collectors in a real Lua, with a clock that tests set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.addons.examples import addon

NODE, CLUSTER = "node-1", "shop"
_BEFORE = """
local now = 1000
os.time = function() return now end
os.getenv = function(name) return ({ NODE_NAME = "node-1", CLUSTER_NAME = "shop" })[name] end
function advance(seconds) now = now + seconds end
"""


@dataclass
class Collector:
    """What becomes of records.

    Attributes:
        lua: the runtime that has the script in it.
    """

    lua: Any

    def record(self, tag: str, **record: Any) -> dict[str, Any] | None:
        """The record that comes out; None where it is dropped."""
        table = self.lua.table_from(record, recursive=True)
        code, _, new = self.lua.globals().process(tag, 1.0, table)
        if code == -1:
            return None
        assert code == 2
        return dict(new)

    def line(self, text: str, namespace: str = "shop", **labels: str) -> str | None:
        """What is left of a line of a container."""
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
    lua = runtime()
    charts = {chart.name: chart for chart in addon("logs", settings).charts}
    lua.execute(_BEFORE + charts["fluent-bit"].values["luaScripts"]["records.lua"])
    return Collector(lua)
