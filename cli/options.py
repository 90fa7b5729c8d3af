"""Arguments and options that several commands share, and how a duration is written."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from typer import Argument, BadParameter, Option

SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0}


def seconds(text: str | float) -> float:
    """The seconds in a duration as people write it: `90s`, `10m`, `1h30m`, or a bare number."""
    if isinstance(text, float | int):
        return float(text)
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(r"(\d+h)?(\d+m)?(\d+s)?", text) or not text:
        raise BadParameter(f"'{text}' is not a duration; write 90s, 10m or 1h30m")
    return sum(float(count) * SECONDS[unit] for count, unit in re.findall(r"(\d+)([hms])", text))


class Format(StrEnum):
    """The output format."""

    TABLE = "table"
    JSON = "json"


class Engine(StrEnum):
    """The engine that applies the program."""

    AUTO = "auto"
    PULUMI = "pulumi"
    IN_PROCESS = "in-process"


Stack = Annotated[
    str,
    Argument(metavar="STACK", help="The stack; its file is stacks/Pulumi.STACK.yaml."),
]
Output = Annotated[
    Format,
    Option("--output", "-o", help="The form: for people, or for programs."),
]
Yes = Annotated[bool, Option("--yes", "-y", help="Skip the question before the change.")]
Timeout = Annotated[
    float,
    Option(
        "--timeout",
        metavar="DURATION",
        parser=seconds,
        help="The longest time to wait: in seconds, or as 90s, 10m, 1h30m.",
    ),
]
OutDirectory = Annotated[
    Path | None,
    Option("--out", metavar="DIR", file_okay=False, help="The folder to write to."),
]
EngineChoice = Annotated[
    Engine,
    Option("--engine", help="The engine; auto uses the pulumi CLI if it is on the PATH."),
]
