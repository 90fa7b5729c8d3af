"""The value types of stack files."""

from __future__ import annotations

import copy
import pickle
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from components.addresses import Cidr
from components.fields import Duration, IntOrPercent, KubernetesVersion, shown
from errors import Code, stack_file


@pytest.mark.parametrize(
    ("text", "seconds", "printed"),
    [
        ("5m", 300, "5m"),
        ("1h30m", 5400, "1h30m"),
        ("300s", 300, "5m"),
        ("0s", 0, "0s"),
        ("1.5m", 90, "1m30s"),
        ("30m1h", 5400, "1h30m"),
        ("3601s", 3601, "1h1s"),
    ],
)
def test_duration(text: str, seconds: int, printed: str) -> None:
    duration = Duration.read(text)
    assert (duration.seconds, str(duration)) == (seconds, printed)


@given(st.integers(0, 2**31 - 1))
def test_duration_prints_what_it_reads(seconds: int) -> None:
    assert Duration.read(str(Duration(seconds))) == Duration(seconds)


@pytest.mark.parametrize(
    ("value", "total", "up", "down"),
    [(1, 10, 1, 1), ("25%", 10, 3, 2), ("0%", 10, 0, 0), ("100%", 7, 7, 7), ("1%", 1, 1, 0)],
)
def test_int_or_percent(value: int | str, total: int, up: int, down: int) -> None:
    found = IntOrPercent(value)
    assert found.of(total, round_up=True) == up
    assert found.of(total, round_up=False) == down
    assert found.as_json() == value


def test_cidr_is_canonical() -> None:
    cidr = Cidr("FD00:0:0::/48")
    assert cidr == "fd00::/48"
    assert cidr.network == ip_network("fd00::/48")


def test_version_compares_as_a_version() -> None:
    version = KubernetesVersion("v1.36.10")
    assert str(version) == "1.36.10"
    assert version > KubernetesVersion("1.36.9")
    assert version == Version("1.36.10")
    assert version in {Version("1.36.10")}


REFUSED = [
    (Duration, "5", stack_file.BAD_DURATION),
    (Duration, "5d", stack_file.BAD_DURATION),
    (Duration, "-5m", stack_file.BAD_DURATION),
    (Duration, "", stack_file.BAD_DURATION),
    (Duration, True, stack_file.BAD_DURATION),
    (Duration, "9" * 10_000 + "s", stack_file.BAD_DURATION),
    (IntOrPercent, "1", stack_file.BAD_INT_OR_PERCENT),
    (IntOrPercent, "01%", stack_file.BAD_INT_OR_PERCENT),
    (IntOrPercent, True, stack_file.BAD_INT_OR_PERCENT),
    (IntOrPercent, 10**40, stack_file.BAD_INT_OR_PERCENT),
    (Cidr, "10.0.0.0", stack_file.BAD_CIDR),
    (Cidr, "10.0.0.0/33", stack_file.BAD_CIDR),
    (Cidr, "10.0.0.0/255.0.0.0", stack_file.BAD_CIDR),
    (Cidr, "10.0.0.1/8", stack_file.HOST_BITS),
    (Cidr, None, stack_file.BAD_CIDR),
    (KubernetesVersion, "1.36", stack_file.BAD_VERSION),
    (KubernetesVersion, "\u0661.36.3", stack_file.BAD_VERSION),
    (KubernetesVersion, 1.36, stack_file.VERSION_IS_NUMBER),
    (KubernetesVersion, [1, 36, 3], stack_file.BAD_VERSION),
]


@pytest.mark.parametrize(("kind", "value", "code"), REFUSED)
def test_refused_values_carry_their_code(kind: type, value: object, code: Code) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    assert caught.value.errors()[0]["type"] == code.reason


def test_constructors_refuse_too() -> None:
    for make in (lambda: Cidr("x"), lambda: KubernetesVersion("x"), lambda: IntOrPercent("x")):
        with pytest.raises(PydanticCustomError):
            make()


@pytest.mark.parametrize(
    "value", [Duration(300), IntOrPercent("25%"), Cidr("10.0.0.0/8"), KubernetesVersion("1.36.3")]
)
def test_values_are_hashable_and_copy(value: object) -> None:
    assert len({value, copy.deepcopy(value), pickle.loads(pickle.dumps(value))}) == 1  # noqa: S301 - own bytes
    dumped = TypeAdapter(type(value)).dump_python(value, mode="json")
    assert TypeAdapter(type(value)).validate_python(dumped) == value


def test_shown_values_are_short_and_printable() -> None:
    deep: list[object] = []
    for _ in range(10_000):
        deep = [deep]
    for value in (deep, 10**5000, "x" * 10**6, "\x1b[31m\u202e", None, True, 1.5, object()):
        text = shown(value)
        assert len(text) < 80
        assert text.isprintable()
