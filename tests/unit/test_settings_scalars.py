"""Unquoted values: the stack file says the same to `./caas` and to Pulumi's engine, or is refused.

The engine's reader is the real one, `gopkg.in/yaml.v3`, in a program that converts what it reads as
`unmarshalObject` of Pulumi's `resource/config/object.go` does.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errors.stack_file import UNCERTAIN_VALUE
from stacks.settings import from_config, load_file
from stacks.settings.load import without_times
from stacks.settings.source import read

PROGRAM = """
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"gopkg.in/yaml.v3"
)

func converted(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.String()
	case map[string]any:
		for k := range v {
			v[k] = converted(v[k])
		}
	case map[any]any:
		m := map[string]any{}
		for k, e := range v {
			m[fmt.Sprintf("%v", k)] = converted(e)
		}
		return m
	case []any:
		for i := range v {
			v[i] = converted(v[i])
		}
	}
	return v
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	for lines.Scan() {
		var text string
		var v any
		err := json.Unmarshal(lines.Bytes(), &text)
		if err == nil {
			err = yaml.Unmarshal([]byte(text), &v)
		}
		answer := map[string]any{"value": converted(v)}
		if err != nil {
			answer = map[string]any{"error": err.Error()}
		}
		out, err := json.Marshal(answer)
		if err != nil {
			out = []byte(`{"error": "no JSON"}`)
		}
		fmt.Println(string(out))
	}
}
"""
MODULE = "module reading\n\ngo 1.22\n\nrequire gopkg.in/yaml.v3 v3.0.1\n"
SUM = "gopkg.in/yaml.v3 v3.0.1"
SUMS = f"""\
{SUM} h1:fxVm/GzAzEWqLHuvctI91KS9hhNmmWOoWu0XTYJS7CA=
{SUM}/go.mod h1:K4uyk7z7BCEPqu6E+C64Yfv1cQ7kz7rIZviUmN+EgEM=
"""
Reader = Callable[[str], object]
REFUSED = object()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Reads a text as Pulumi's engine does; REFUSED for what it can't read or hand on."""
    if not shutil.which("go"):
        pytest.skip("Go is not on the PATH")
    folder = tmp_path_factory.mktemp("reading")
    for name, text in (("main.go", PROGRAM), ("go.mod", MODULE), ("go.sum", SUMS)):
        (folder / name).write_text(text)
    own = os.environ | {"GOFLAGS": "-p=1", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    build = ["go", "build", "-o", "reading", "."]
    subprocess.run(build, cwd=folder, env=own, check=True, timeout=300, capture_output=True)
    with subprocess.Popen(
        [folder / "reading"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout

        def read_by_engine(text: str) -> object:
            process.stdin.write(json.dumps(text) + "\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            answer = json.loads(process.stdout.readline())  # type: ignore[union-attr]
            return answer.get("value") if "error" not in answer else REFUSED

        yield read_by_engine
        process.stdin.close()


def ours(folder: Path, text: str) -> object:
    """Reads a text as `./caas` does; REFUSED where it names a problem."""
    file = folder / "Pulumi.unit.yaml"
    file.write_text(text)
    source = read(file)
    assert source.root
    value = source.plain(source.root)
    return REFUSED if source.problems else value


def same(text: str, engine: Reader, folder: Path) -> bool:
    """True if both read the same or ours refuses; days lose the time that the engine adds."""
    found = ours(folder, text)
    if found is REFUSED:
        return False
    handed = without_times(engine(text))
    theirs, mine = json.dumps(handed), json.dumps(found)
    if re.search(r"\d[.e]", mine):  # JSON of Go writes large floats without an exponent
        assert json.loads(theirs, parse_int=float) == json.loads(mine, parse_int=float), text
    else:
        assert handed == found, (text, theirs, mine)
    return True


DIGITS = st.text("0123456789", min_size=1, max_size=22)
SIGN = st.sampled_from(["", "+", "-"])
NUMBERS = st.builds(
    "{}{}{}".format, SIGN, st.sampled_from(["", "0", "0x", "0o", "0b", "."]), DIGITS
)
GROUPED = st.builds("_".join, st.lists(DIGITS, min_size=2, max_size=4))
SIXTY = st.builds(":".join, st.lists(st.text("0123456789", min_size=1, max_size=2), min_size=2))
FLOATS = st.builds(
    "{}{}.{}{}".format, SIGN, DIGITS, DIGITS, st.sampled_from(["", "e3", "e+5", "E-2", "e999"])
)
EXPONENTS = st.builds("{}e{}".format, DIGITS, st.sampled_from(["3", "+3", "-3"]))
WORDS = st.sampled_from(
    [
        "y",
        "Y",
        "yes",
        "Yes",
        "YES",
        "n",
        "no",
        "NO",
        "on",
        "On",
        "ON",
        "off",
        "OFF",
        "true",
        "True",
        "TRUE",
        "tRUE",
        "false",
        "null",
        "Null",
        "~",
        ".inf",
        "-.inf",
        ".NaN",
        ".nan",
        "=",
        "<<",
        "0",
        "-0",
        "00",
        "08",
        "0_7",
        "_1",
        "1_",
        "1__2",
        "0x_f",
        "1.36.3",
        "10.0.0.0/16",
        "v1.36",
        "5m",
        "1Gi",
        "2a",
        "1e",
        "1.e3",
    ]
)
DAYS = st.builds(
    "{}-{}-{}{}".format,
    st.integers(1900, 2100),
    st.one_of(st.integers(0, 13).map("{:02}".format), st.integers(1, 12).map(str)),
    st.one_of(st.integers(0, 32).map("{:02}".format), st.integers(1, 31).map(str)),
    st.sampled_from(["", "T00:00:00Z", "t10:00:00Z", " 10:00:00", "T10:00:00+02:00", "x", "T"]),
)
MIXED = st.text("0123456789abexo+-._: ", min_size=1, max_size=8)
SCALARS = st.one_of(
    WORDS, NUMBERS, GROUPED, SIXTY, FLOATS, EXPONENTS, DAYS, MIXED.map(str.strip).filter(bool)
)
SETTINGS = settings(
    max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def is_plain(text: str) -> bool:
    """True if a text can be written without quotes, as one scalar."""
    try:
        node = yaml.compose(f"a: {text}\n", yaml.SafeLoader)
    except yaml.YAMLError:
        return False
    (pair,) = node.value if isinstance(node, yaml.MappingNode) else [(None, None)]
    return isinstance(pair[1], yaml.ScalarNode) and pair[1].value == text


@SETTINGS
@given(text=SCALARS.filter(is_plain))
@pytest.mark.slow
def test_unquoted_values_are_the_same_or_refused(text: str, engine: Reader, tmp_path: Path) -> None:
    same(f"a: {text}\n", engine, tmp_path)
    same(f"a: [x, {{b: '{text}'}}]\n", engine, tmp_path)


@SETTINGS
@given(text=SCALARS.filter(is_plain))
@pytest.mark.slow
def test_unquoted_keys_are_the_same_or_refused(text: str, engine: Reader, tmp_path: Path) -> None:
    if text != "<<":
        same(f"a:\n  ? {text}\n  : 1\n", engine, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n",
        "a: &x {b: 1}\nb: &y {b: 2, c: 3}\nd: {<<: [*x, *y], e: 4}\n",
        "a: &x {b: 1}\nb: &y {<<: *x, c: 3}\nd: {e: 4, <<: *y}\n",
        "a: |\n  one\n  two\nb: >-\n  one\n  two\n",
        "a: \"\\u00e4\\n\\x41\\e\"\nb: 'it''s'\n",
        "a: [1, null, ~, '', \"\", x]\nb:\nc: {}\n",
        "a: 1\nb: 1_000\nc: 0700\nd: 0x1F\ne: 2027-06-30\nf: 1.50\n",
    ],
)
@pytest.mark.slow
def test_everything_else_is_the_same(text: str, engine: Reader, tmp_path: Path) -> None:
    assert same(text, engine, tmp_path)


@pytest.mark.parametrize(
    "value", ["yes", "on", "Off", "0o700", "12:30", "1:30:00", "1e3", "08", "2027-6-3", ".nan"]
)
def test_what_readers_disagree_about_is_refused(value: str, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.unit.yaml"
    file.write_text(
        f"config:\n  caas:clusters:\n    - {{ name: shop, labels: {{ a: {value} }} }}\n"
    )
    source = read(file)
    assert source.root
    source.plain(source.root)
    (problem,) = source.problems
    assert problem.code is UNCERTAIN_VALUE
    assert (problem.where.line, value in problem.what) == (3, True)


EXEMPTION = """
config:
  caas:policies:
    exemptions:
      - {{ rule: a-rule, resource: x, owner: me, reason: so, expires: {} }}
"""


@pytest.mark.parametrize(
    "written",
    ["2027-06-30", "'2027-06-30'", "2027-06-30 00:00:00 +0000 UTC", "2027-06-30T00:00:00Z"],
    ids=["as documented", "quoted", "as pulumi stack init writes it", "as a time"],
)
@pytest.mark.slow
def test_a_day_is_the_same_through_both(written: str, engine: Reader, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.unit.yaml"
    file.write_text(EXEMPTION.format(written))
    config = engine(file.read_text())
    assert isinstance(config, dict)
    handed = {key: json.dumps(value) for key, value in config["config"].items()}
    for stack in (load_file(file), from_config(handed)):
        (exemption,) = stack.policies.exemptions
        assert exemption.expires.isoformat() == "2027-06-30"
