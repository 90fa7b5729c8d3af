"""The output of the command line: tables, questions, progress and interrupts."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer import BadParameter

from cli.options import seconds
from cli.progress import Drawn, Lines, Running, about
from tests.unit.command_line import LIMIT, ROOT, environment, piped, terminal

PYTHON = (sys.executable, "-c")

# A command as one of cli/commands, with three steps, that hangs in the second one.
SLOW = f"""
import sys, time, types
sys.path.insert(0, {str(ROOT)!r})
from cli import app, commands, progress

def command() -> None:
    '''Be slow.'''
    with progress.drawn(["one", "two", "three"]) as drawing:
        drawing.step("one").advance(1, 1)
        step = drawing.step("two")
        step.advance(3, 12, "the thing")
        drawing.note("it hangs")
        time.sleep({LIMIT})

module = types.ModuleType("cli.commands.slow")
module.command, module.EXAMPLES = command, {{"./caas slow": "be slow"}}
sys.modules["cli.commands.slow"] = module
commands.COMMANDS["Slow"] = (commands.CommandEntry("slow", "Be slow."),)
sys.exit(app.main(["slow"]))
"""

STEPS = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from cli import console, progress
with progress.drawn() as drawing:
    for name in ("fetch [bold]", "build"):
        step = drawing.step(name)
        for done in range(1, 4):
            step.advance(done, 3, f"part {{done}}")
    drawing.note("all is there [red]")
console.table(("Name", "State"), [("shop", "ready [1/1]"), ("a-long-name", "")])
"""

QUESTION = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from cli import console
from errors import CaasError
try:
    print("answer:", console.confirm("Delete it?", yes="--yes" in sys.argv))
except CaasError as error:
    console.problems(error.problems)
"""


def test_progress_in_a_pipe_is_lines_on_standard_error() -> None:
    done = piped(STEPS, program=PYTHON)
    lines = done.err.splitlines()
    assert [line.split(" ", 1)[1].rsplit(" in ", 1)[0] for line in lines] == [
        "fetch [bold]",
        "fetch [bold]: done",
        "build",
        "all is there [red]",
        "build: done",
    ]
    assert "\x1b" not in done.err


def test_table_in_a_pipe_lines_up() -> None:
    done = piped(STEPS, program=PYTHON)
    assert done.out.splitlines() == [
        "NAME         STATE",
        "shop         ready [1/1]",
        "a-long-name",
    ]


def test_progress_and_table_on_a_terminal() -> None:
    done = terminal(STEPS, program=PYTHON)
    assert done.status == 0
    for text in ("fetch [bold]", "build", "3/3", "✓", "all is there [red]", "ready [1/1]"):
        assert text in done.out


@pytest.mark.parametrize(("keys", "answer"), [("y\n", "True"), ("yes\n", "True"), ("\n", "False")])
def test_question_on_a_terminal(keys: str, answer: str) -> None:
    done = terminal(QUESTION, program=PYTHON, keys={"[y/N] ": keys})
    assert f"answer: {answer}" in done.out


def test_question_in_a_pipe() -> None:
    done = piped(QUESTION, program=PYTHON)
    assert "CAAS-2064" in done.err
    assert "--yes" in done.err
    assert piped(QUESTION, "--yes", program=PYTHON).out == "answer: True\n"


def test_interrupt_says_what_is_done_and_what_is_left() -> None:
    process = subprocess.Popen(
        [*PYTHON, SLOW],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    try:
        shown = ""
        deadline = time.monotonic() + LIMIT
        while "it hangs" not in shown and time.monotonic() < deadline:
            line = process.stderr.readline()
            assert line, f"it ended by itself: {shown}"
            shown += line
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait(timeout=10)
    assert process.returncode == 130
    last = rest.strip().splitlines()[-1]
    assert last == (
        "Interrupted. Done: one. Interrupted: two at 3/12. Left: three. "
        "Run the same command again to go on from here."
    )
    assert "Traceback" not in rest


def test_interrupt_on_a_terminal() -> None:
    done = terminal(SLOW, program=PYTHON, keys={"it hangs": "\x03"})
    assert done.status == 130
    assert "Done: one. Interrupted: two at 3/12. Left: three." in done.out


class Recorded(Lines):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def _say(self, text: str) -> None:
        self._said = time.monotonic()
        self.lines.append(text)


def test_a_step_that_says_much_is_heard_at_most_every_five_seconds() -> None:
    drawing = Recorded()
    step = Drawn(drawing).step("build")
    for done in range(1000):
        step.advance(done, 1000, "part")
    assert drawing.lines == ["build"]
    drawing._said -= 6
    step.advance(1000, 1000, "part")
    assert drawing.lines[1:] == ["build: 1000/1000 part; 0 s so far"]


def test_what_is_left_is_an_estimate_apart_from_the_elapsed_time() -> None:
    step = Running("build", Recorded())
    step.advance(25, 100)
    assert step.clock == "0 s so far"  # too soon
    step.started -= 60
    assert step.clock == "about 3 min left, 60 s so far"
    step.advance(99, 100)
    assert step.clock == "a few seconds left, 60 s so far"
    step.advance(99, 100, left=400)
    assert step.clock == "about 7 min left, 60 s so far"
    step.advance(1, 100)
    assert step.clock == "60 s so far"  # too little is done
    few = Running("wait", Recorded())
    few.started -= 60
    few.advance(1, 2)
    assert few.clock == "60 s so far"  # two clusters say nothing about time


@pytest.mark.parametrize(
    ("seconds_left", "words"),
    [(0, "a few seconds"), (14, "about 10 s"), (57, "about 60 s"), (100, "about 2 min")],
)
def test_estimates_are_round(seconds_left: float, words: str) -> None:
    assert about(seconds_left) == words


def test_summary_of_a_run_that_had_not_begun() -> None:
    assert Drawn(Recorded(), ["one"]).summary() == "Done: nothing yet. Left: one."


def test_total_stays_known() -> None:
    step = Running("build", Recorded())
    step.advance(1, 4)
    step.advance(2)
    assert step.count == "2/4"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("90s", 90), ("10m", 600), ("1h30m", 5400), ("45", 45), ("1.5", 1.5), (600.0, 600)],
)
def test_duration(text: str | float, wanted: float) -> None:
    assert seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "s", "10 m", "-5s", "10d", "m10", "1m1h"])
def test_no_duration(text: str) -> None:
    with pytest.raises(BadParameter, match="write 90s"):
        seconds(text)


def test_nothing_is_left_in_the_folder(tmp_path: Path) -> None:
    piped("--version", cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []
