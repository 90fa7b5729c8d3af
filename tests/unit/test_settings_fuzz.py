"""Whatever a stack file holds: it loads, or it is refused with known codes, and quickly."""

from __future__ import annotations

import dataclasses
import random
import string
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.version import Version

import catalog
from errors import CaasError, Code
from errors.registry import all_codes
from stacks.settings import Stack, as_pulumi_config, from_config, load_file

pytestmark = pytest.mark.slow  # tries thousands of files

VALID = sorted((Path(__file__).parent / "stacks/valid").glob("*.yaml"))
TEXTS = [file.read_text() for file in VALID]
TREES = [yaml.load(text, yaml.BaseLoader) for text in TEXTS]  # noqa: S506 - texts of this folder
KNOWN = {code for code in all_codes() if code.number < 2000}
LIMIT_SECONDS = 2

JUNK: list[object] = [
    None, True, 0, -1, 1.36, 10**40, -(10**400), float("inf"), float("nan"), "", " ", "yes", "0x",
    "on", "~", "1:30:00", "2026-13-45", "\u202e\u0000x", "\U0001f600" * 50, "a" * 10_000, "../..",
    "1.36.99999999999", "v", "10.0.0.0/0", "::/0", "300.1.1.1/8", "-", "100%", "-5%", "5m5",
    [], {}, [[]], {"": ""}, {"secure": "x"}, {"<<": {}}, [None], [{}], {"name": []}, "*a", "&a",
]  # fmt: skip
FRAGMENTS = ["&a ", "*a", "<<: ", "!!int ", "!!set ", "!x ", "\t", "---\n", "...\n", "? ", ": ",
    "- ", "[", "]", "{", "}", "'", '"', "|\n", ">\n", "#", "\n", "\r", "\x00", "\ufeff", "\u2028",
    "\U0001f600", "%YAML 9.9\n", "@", "`", "=", "~", "0o7", ".inf", "1e999"]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def releases() -> Iterator[None]:
    """The catalog as the files expect it, whatever it holds today."""
    versions = (Version(text) for text in ("1.35.4", "1.36.1", "1.36.3", "1.37.2"))
    found = tuple(catalog.Release(version, date.max) for version in versions)
    pinned = dataclasses.replace(catalog.catalog(), releases=found)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "catalog", lambda: pinned)
        yield


def containers(tree: object) -> list[list[object] | dict[str, object]]:
    found: list[list[object] | dict[str, object]] = []
    if isinstance(tree, dict | list):
        found.append(tree)
        for item in tree.values() if isinstance(tree, dict) else tree:
            found += containers(item)
    return found


def copied(tree: object) -> object:
    if isinstance(tree, dict):
        return {key: copied(value) for key, value in tree.items()}
    return [copied(item) for item in tree] if isinstance(tree, list) else tree


def mutated_tree(random: random.Random) -> bytes:
    """Keys and values deleted, doubled, renamed, moved, or replaced with junk."""
    tree = copied(random.choice(TREES))
    for _ in range(random.randint(1, 4)):
        target = random.choice(containers(tree) or [{}])
        keys: list[object] = list(target) if isinstance(target, dict) else list(range(len(target)))
        if not keys:
            continue
        key = random.choice(keys)
        value = target[key]
        change = random.randint(0, 4)
        if change == 0:
            del target[key]
        elif isinstance(target, list) and change == 1:
            target.extend([copied(value)] * random.randint(1, 30))
        elif isinstance(target, dict) and change == 1:
            letters = list(str(key))
            random.shuffle(letters)
            target["".join(letters) or random.choice(string.printable)] = value
        else:
            nest = random.choice(containers(tree) if change == 2 else JUNK)
            target[key] = copied(nest)
    return yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass")


def mutated_text(random: random.Random) -> bytes:
    """The text cut, with parts doubled, swapped, or fragments of YAML thrown in."""
    text = random.choice(TEXTS)
    for _ in range(random.randint(1, 5)):
        start, end = sorted(random.randint(0, len(text)) for _ in range(2))
        part = random.choice(
            ["", text[start:end] * 2, random.choice(FRAGMENTS), text[end:] + text[:start]]
        )
        text = text[:start] + part + text[random.choice([start, end]) :]
    return text.encode("utf-8", "surrogatepass")


def mutated_bytes(random: random.Random) -> bytes:
    """Random bytes written into the text."""
    data = bytearray(random.choice(TEXTS).encode())
    for _ in range(random.randint(1, 8)):
        data[random.randrange(len(data))] = random.randrange(256)
    return bytes(data)


def outcome(run: Callable[[], object]) -> set[Code]:
    start = time.monotonic()
    try:
        run()
    except CaasError as error:
        assert error.problems
        assert len(str(error)) < 10**6
        return {problem.code for problem in error.problems}
    finally:
        assert time.monotonic() - start < LIMIT_SECONDS
    return set()


@settings(
    max_examples=2500,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    st.sampled_from([mutated_tree, mutated_tree, mutated_text, mutated_bytes]),
    st.integers(0, 2**32),
)
def test_mutations_load_or_are_refused(mutate: Callable[[random.Random], bytes], seed: int) -> None:
    data = mutate(random.Random(seed))  # noqa: S311 - no secrets here
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Pulumi.fuzz.yaml"
        path.write_bytes(data)
        assert outcome(lambda: load_file(path)) <= KNOWN
        assert outcome(lambda: from_config(as_pulumi_config(path), path)) <= KNOWN


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(JUNK),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    st.dictionaries(
        st.sampled_from([f"caas:{key}" for key in Stack.model_fields_by_alias()])
        | st.text(max_size=8),
        json_values,
    )
)
def test_configuration_loads_or_is_refused(values: dict[str, object]) -> None:
    assert outcome(lambda: from_config(values)) <= KNOWN
