"""The processing of each record in a real Lua: its shape, class, limits, and secrets."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

import pytest

from components.logging import lua_pattern
from tests.addons.lua import CLUSTER, NODE, TIME, Collector, collector, runtime

TENANT = {"tenantLabel": "tenant"}


@pytest.fixture(scope="module")
def plain() -> Collector:
    return collector()


# ---- shape --------------------------------------------------------------------------------------


def test_a_line_of_a_container_has_every_label() -> None:
    found = collector(**TENANT).container("hello", "shop", tenant="acme")
    assert found == {
        "log": "hello",
        "stream": "stdout",
        "source": "containers",
        "class": "default",
        "cluster": CLUSTER,
        "node": NODE,
        "namespace": "shop",
        "pod": "web-1.a",
        "container": "my-app",
        "tenant": "acme",
    }


def test_a_namespace_without_a_tenant_has_none(plain: Collector) -> None:
    found = plain.container("hello")
    assert found
    assert "tenant" not in found


def test_a_namespace_that_nobody_knows_has_no_tenant(plain: Collector) -> None:
    tag = f"in.containers.var.log.containers.web_shop_app-{'0a' * 32}.log"
    found = plain.record(tag, log="hello")
    assert found
    assert found["namespace"] == "shop"


@pytest.mark.parametrize(
    ("unit", "source"), [("kubelet.service", "kubelet"), ("containerd.service", "journal")]
)
def test_the_journal_knows_the_kubelet(plain: Collector, unit: str, source: str) -> None:
    found = plain.record("in.journal", MESSAGE="started", _SYSTEMD_UNIT=unit, PRIORITY="6")
    assert found
    assert found["source"] == source
    assert (found["log"], found["unit"], found["priority"]) == ("started", unit, "6")


def test_the_journal_without_the_kubelet_leaves_it_out() -> None:
    only = collector(collect=["journal"])
    assert only.record("in.journal", MESSAGE="a", _SYSTEMD_UNIT="kubelet.service") is None
    assert only.record("in.journal", MESSAGE="a", _SYSTEMD_UNIT="ssh.service")


def test_the_kernel_has_no_unit(plain: Collector) -> None:
    found = plain.record("in.journal", MESSAGE="oom", SYSLOG_IDENTIFIER="kernel")
    assert found
    assert found["unit"] == "kernel"


@pytest.mark.parametrize(
    "moment", ["2026-01-31T23:59:59.500000Z", "2024-02-29T00:00:00Z", "2000-03-01T12:00:00.25Z"]
)
def test_a_request_has_its_own_time(plain: Collector, moment: str) -> None:
    line = json.dumps({"kind": "Event", "stageTimestamp": moment}, separators=(",", ":"))
    time, found = plain.timed("in.audit", log=line)
    assert found
    assert time == datetime.fromisoformat(moment).timestamp()


def test_a_line_without_a_time_keeps_when_it_was_read(plain: Collector) -> None:
    assert plain.timed("in.audit", log="{}")[0] == TIME
    assert plain.timed("in.journal", MESSAGE="x")[0] == TIME


def test_what_is_older_than_the_store_takes_is_dropped() -> None:
    made = collector()
    made.advance(6 * 86400)
    assert made.line("young enough")
    made.advance(86400)
    assert made.line("too old") is None


def test_an_event_is_a_line(plain: Collector) -> None:
    event: dict[str, Any] = {
        "type": "Warning",
        "reason": "BackOff",
        "message": 'Back-off "web"\nagain',
        "involvedObject": {"kind": "Pod", "name": "web-1", "namespace": "shop"},
        "metadata": {"namespace": "shop", "name": "web-1.123"},
        "source": {"component": "kubelet"},
    }
    found = plain.record("in.events", **event)
    assert found
    assert found["namespace"] == "shop"
    assert found["log"] == (
        "type=Warning reason=BackOff object=Pod/web-1 from=kubelet "
        r'message="Back-off \"web\"\nagain"'
    )


def test_what_is_no_line_is_dropped(plain: Collector) -> None:
    assert plain.record("in.journal", _SYSTEMD_UNIT="ssh.service") is None
    assert plain.record("in.other", log="hello") is None


def test_the_first_class_that_fits_is_taken() -> None:
    classes = [
        {"name": "audit", "days": 365, "sources": ["audit"]},
        {"name": "pay", "days": 90, "namespaces": ["pay", "pay-test"], "sources": ["containers"]},
        {"name": "acme", "days": 60, "tenants": ["acme"]},
    ]
    made = collector(retention={"classes": classes}, **TENANT)
    found = [
        made.record("in.audit", log="{}"),
        made.container("a", "pay"),
        made.container("a", "pay", tenant="acme"),
        made.container("a", "shop", tenant="acme"),
        made.container("a", "shop"),
    ]
    assert [each and each["class"] for each in found] == ["audit", "pay", "pay", "acme", "default"]


# ---- limits -------------------------------------------------------------------------------------


def passed(made: Collector, count: int, namespace: str = "shop", **labels: str) -> int:
    return sum(made.line("x", namespace, **labels) is not None for _ in range(count))


def test_a_namespace_passes_its_burst_and_then_its_rate() -> None:
    made = collector(limits={"namespace": 10, "burstSeconds": 3})
    assert passed(made, 100) == 30
    made.advance(1)
    assert passed(made, 100) == 10
    made.advance(1000)
    assert passed(made, 100) == 30


def test_one_namespace_takes_nothing_from_another() -> None:
    made = collector(limits={"namespaces": {"noisy": 1}, "burstSeconds": 1})
    assert passed(made, 100, "noisy") == 1
    assert passed(made, 100, "shop") == 100


def test_a_tenant_is_limited_over_all_its_namespaces() -> None:
    made = collector(limits={"tenants": {"acme": 10}, "burstSeconds": 1}, **TENANT)
    assert passed(made, 6, "one", tenant="acme") + passed(made, 6, "two", tenant="acme") == 10
    assert passed(made, 12, "three", tenant="other") == 12


def test_a_node_is_limited_over_all_that_it_has() -> None:
    made = collector(limits={"node": 10, "namespace": None, "tenant": None, "burstSeconds": 1})
    assert passed(made, 8) == 8
    journal = [made.record("in.journal", MESSAGE="x") for _ in range(8)]
    assert len([each for each in journal if each]) == 2


def test_audit_logs_and_events_are_never_limited() -> None:
    made = collector(limits={"node": 1, "namespace": None, "tenant": None, "burstSeconds": 1})
    assert all(made.record("in.audit", log="{}") for _ in range(50))
    assert all(made.record("in.events", message="x") for _ in range(50))


def test_the_next_line_tells_how_many_were_dropped() -> None:
    made = collector(limits={"namespace": 2, "burstSeconds": 1})
    assert passed(made, 7) == 2
    made.advance(1)
    first, second = made.container("x"), made.container("x")
    assert first
    assert first["dropped"] == "5"
    assert second
    assert "dropped" not in second


@pytest.mark.slow
def test_without_limits_everything_passes() -> None:
    made = collector(limits={"node": None, "namespace": None, "tenant": None})
    assert passed(made, 50_000) == 50_000


# ---- secrets ------------------------------------------------------------------------------------


def token(*parts: object) -> str:
    """A JSON web token of these parts; put together here so that no scanner takes it for one."""
    coded = (base64.urlsafe_b64encode(json.dumps(each).encode()).decode() for each in parts)
    return ".".join(each.rstrip("=") for each in coded)


JWT = token({"alg": "HS256"}, {"sub": "1234567890"}, "signature")
AWS_KEY = "AKIA" + "IOSFODNN7" + "EXAMPLE"
AWS_SECRET = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
LONG = "abcdef0123456789" * 2

SECRETS = [
    (f"key {AWS_KEY} used", "key [redacted:awsAccessKey] used"),
    (f"({AWS_KEY.replace('AKIA', 'ASIA')})", "([redacted:awsAccessKey])"),
    (f"AWS_SECRET_ACCESS_KEY={AWS_SECRET}", "AWS_SECRET_ACCESS_KEY=[redacted:awsSecretKey]"),
    (
        f'{{"secretAccessKey": "{AWS_SECRET}"}}',
        '{"secretAccessKey": "[redacted:awsSecretKey]"}',
    ),
    ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [redacted:authorization]"),
    (f"authorization: bearer {LONG}", "authorization: bearer [redacted:bearerToken]"),
    (f'"Authorization":"Bearer {LONG}="', '"Authorization":"Bearer [redacted:bearerToken]"'),
    (f"token {JWT} ok", "token [redacted:jwt] ok"),
    ("postgres://shop:s3cr3t@db:5432/shop", "postgres://shop:[redacted:urlPassword]@db:5432/shop"),
    ("redis://:s3cr3t@cache:6379", "redis://:[redacted:urlPassword]@cache:6379"),
    ("login password=hunter2 ok", "login password=[redacted:password] ok"),
    ('{"Password":"hunter2","a":1}', '{"Password":"[redacted:password]","a":1}'),
    (r"{\"password\":\"hunter2\",\"a\":1}", r"{\"password\":\"[redacted:password]\",\"a\":1}"),
    (
        '"password": "correct horse, battery; staple}", "a": 1',
        '"password": "[redacted:password]", "a": 1',
    ),
    (r'{"password":"a\"b c","a":1}', '{"password":"[redacted:password]","a":1}'),
    (r"{\"password\":\"a b,c\",\"a\":1}", r"{\"password\":\"[redacted:password]\",\"a\":1}"),
    (
        r"{\"password\":\"a\\\"b c\",\"a\":1}",
        r"{\"password\":\"[redacted:password]\",\"a\":1}",
    ),
    ("passphrase='one two' x", "passphrase='[redacted:password]' x"),
    ('client_secret: "a b" x', 'client_secret: "[redacted:apiKey]" x'),
    ('password="never closed', 'password="[redacted:password] closed'),
    ("?passwd=hunter2&x=1", "?passwd=[redacted:password]&x=1"),
    (f"X-Api-Key: {LONG}", "X-Api-Key: [redacted:apiKey]"),
    (f"client_secret={LONG}&grant=x", "client_secret=[redacted:apiKey]&grant=x"),
    (f"push with ghp_{'a1B2' * 9}", "push with [redacted:vendorToken]"),
    ("push with glpat-" + "x" * 20, "push with [redacted:vendorToken]"),
    ("post xoxb-123-456-abc", "post [redacted:vendorToken]"),
]
HARMLESS = [
    "GET https://shop.example.com:8080/cart?mail=a@example.com 200",
    "the bearer of this ring",
    "a basic functionality test",
    "AKIA is a prefix",
    "eyJ is how they begin",
    "ssh://git@example.com/repo.git",
    "reset the password of user 7",
    "image registry.example.com/app@sha256:" + "0" * 64,
    "monkey=banana turkey: roast",
    '{"password":"","user":"shop"}',
    "",
    "ünïcödé ✓",
]


@pytest.mark.parametrize(("text", "clean"), SECRETS)
def test_secrets_are_taken_out(plain: Collector, text: str, clean: str) -> None:
    assert plain.line(text) == clean


@pytest.mark.parametrize("text", HARMLESS)
def test_other_lines_stay(plain: Collector, text: str) -> None:
    assert plain.line(text) == text


def test_several_secrets_of_a_line_are_taken_out(plain: Collector) -> None:
    assert plain.line(f"{AWS_KEY} {AWS_KEY} password=a") == (
        "[redacted:awsAccessKey] [redacted:awsAccessKey] password=[redacted:password]"
    )


def test_a_kind_can_be_left_in() -> None:
    made = collector(redact={"without": ["password", "privateKey"]})
    assert made.line("password=a") == "password=a"
    assert made.line(f"{pem()[0]} x") == f"{pem()[0]} x"
    assert made.line(f"{AWS_KEY}") == "[redacted:awsAccessKey]"


def pem(kind: str = "RSA ") -> list[str]:
    """A private key, a line each; put together here so that no scanner takes it for one."""
    rule = "-" * 5
    body = [LONG * 2, LONG + "+/a=", "Qw=="]
    return [f"{rule}BEGIN {kind}PRIVATE KEY{rule}", *body, f"{rule}END {kind}PRIVATE KEY{rule}"]


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
def test_a_private_key_on_many_lines_goes(kind: str) -> None:
    made = collector()
    lines = ["before", *pem(kind), "after"]
    left = [made.line(line) for line in lines]
    assert left[:2] == ["before", "[redacted:privateKey]"]
    assert left[2:-1] == [None] * 4
    assert left[-1] == "after"


def test_a_private_key_on_one_line_goes() -> None:
    made = collector()
    assert made.line(rf'{{"key":"{chr(92).join(pem())}","a":1}}') == (
        '{"key":"[redacted:privateKey]","a":1}'
    )
    assert made.line(LONG) == LONG


def test_what_others_write_into_a_private_key_stays() -> None:
    made = collector()
    first, *body, last = pem()
    assert made.line(f"key: {first}") == "key: [redacted:privateKey]"
    assert made.line("GET / 200 in 3 ms") == "GET / 200 in 3 ms"
    assert [made.line(line) for line in body] == [None] * len(body)
    assert made.line(LONG, "another-namespace") == LONG
    assert made.line(f"{last} and more") == " and more"
    assert made.line("Qw==") == "Qw=="


def test_a_private_key_that_never_ends_is_given_up() -> None:
    made = collector()
    made.line(pem()[0])
    left = [made.line(LONG) for _ in range(300)]
    assert left[:200] == [None] * 200
    assert left[200:] == [LONG] * 100


def test_your_own_patterns_come_after() -> None:
    patterns = [
        {"name": "pin", "pattern": "PIN%-%d+"},
        {"name": "card", "pattern": "(card=)%d+", "replacement": "%1{gone}"},
    ]
    made = collector(redact={"patterns": patterns})
    assert made.line("PIN-1234 card=4111 x") == "[redacted:pin] card={gone} x"


# ---- what the rules say about patterns is what Lua says -----------------------------------------

GOOD = [
    "a", "%d+", "%f[%w]x", "[%a_-]+", "[]]", "[^]]x", "%bxy", "(a)%1", "^a$", "a$b", "[%]]", "%.x",
    "a-b", "(%a+)=(%d+)", "%%", "[a-z]+", "x()", "-----", "*a", "é+",
]  # fmt: skip
BAD = ["%", "a%", "[a", "[", "[%", "(a", "a)", "%1", "(a%1)", "%bx", "%f", "%fa", "(" * 33 + "x"]
MEANT_OTHERWISE = [r"\d+", "a{3}", "a|b", "(?:a)", "a*", "", "%d-", "%y"]


@pytest.mark.parametrize("pattern", GOOD)
def test_good_patterns_are_lua(pattern: str) -> None:
    assert lua_pattern.fault(pattern) == ""
    assert runtime().eval("function(p) return pcall(string.gsub, 'abc', p, '') end")(pattern)


@pytest.mark.parametrize("pattern", BAD)
def test_bad_patterns_are_no_lua(pattern: str) -> None:
    assert lua_pattern.fault(pattern)
    # Lua reads as far as a text takes it: one that the beginning matches.
    tries = runtime().eval(
        "function(p) for _, text in ipairs({ 'a', 'ax', 'xa', 'x' }) do "
        "if not pcall(string.match, text, p) then return false end end return true end"
    )
    assert tries(pattern) is False


@pytest.mark.parametrize("pattern", MEANT_OTHERWISE)
def test_patterns_that_mean_something_else_are_refused(pattern: str) -> None:
    assert lua_pattern.fault(pattern)


@pytest.mark.parametrize(
    ("replacement", "captures", "good"),
    [("x", 0, True), ("%1", 1, True), ("%1", 0, True), ("%2", 1, False), ("%%", 0, True),
     ("100%", 0, False), ("%x", 1, False), ("%0", 0, True)],
)  # fmt: skip
def test_replacements(replacement: str, captures: int, good: bool) -> None:
    assert (lua_pattern.fault_of_replacement(replacement, captures) == "") is good
    pattern = "(a)" * captures or "a"
    found = runtime().eval("function(p, r) return (pcall(string.gsub, 'a', p, r)) end")
    if replacement != "100%":  # LuaJIT takes it, and writes what it likes
        assert found(pattern, replacement) in (good, True)
