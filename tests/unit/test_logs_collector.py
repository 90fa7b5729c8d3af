"""The collector's configuration in a real Fluent Bit: accepted, and seen to do what it says."""

from __future__ import annotations

import base64
import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plane import pki
from tests.addons.fluent_bit import CLUSTER, NODE, Sink, collector, http_sink, syslog_sink, until
from tests.unit.test_logs import CASES

KEY = "AKIA" + "IOSFODNN7" + "EXAMPLE"
EARLIER = f"{datetime.now(UTC) - timedelta(hours=2):%Y-%m-%dT%H:%M:%S}.5"
REQUEST = f'{{"kind":"Event","verb":"get","stageTimestamp":"{EARLIER}00000Z"}}'
AUDIT = {"name": "audit", "days": 365, "sources": ["audit"]}


def to(sink: Sink, **more: Any) -> dict[str, Any]:
    """Settings with which everything goes to a server of the test."""
    url = f"http://127.0.0.1:{sink.port}"
    forward = [{"type": "http", "name": "sink", "url": url, "path": "/in"}]
    return {"store": "none", "collect": ["containers", "audit"], "forward": forward} | more


@pytest.mark.parametrize("chart", ["fluent-bit", "fluent-bit-events"])
@pytest.mark.parametrize("name", CASES)
def test_every_configuration_is_accepted(tmp_path: Path, name: str, chart: str) -> None:
    answer = collector(tmp_path, CASES[name], chart=chart).accepted()
    assert answer.returncode == 0, answer.stderr


def test_a_wrong_one_is_not(tmp_path: Path) -> None:
    made = collector(tmp_path, {}, {"rotate_wait": "rotate_weight"})
    assert made.accepted().returncode != 0


def test_every_destination_begins(tmp_path: Path) -> None:
    """Plug-ins look at most of their settings only when they begin."""
    authority = tmp_path / "ca.crt"
    pki.ensure(tmp_path / "pki", "127.0.0.1")
    authority.write_bytes((tmp_path / "pki/ca.crt").read_bytes())
    places = {f"/etc/caas/ca/{name}/ca.crt": str(authority) for name in ("siem", "bus")}
    made = collector(tmp_path, CASES["everything"], places)
    with made.running():
        until(lambda: "stream processor started" in made.log.read_text(), made.log)


def test_lines_arrive_with_labels_and_without_secrets(tmp_path: Path) -> None:
    with http_sink() as sink:
        made = collector(tmp_path, to(sink, retention={"classes": [AUDIT]}))
        made.container("shop", "hello", f"key {KEY}", "db=postgres://u:pw@db/x", stream="stderr")
        made.audit(REQUEST)
        with made.running():
            until(lambda: sink.has(4), made.log)
    found = {each["log"]: each for each in sink.records}
    hello = dict(found["hello"])
    assert hello.pop("time")
    assert hello == {
        "log": "hello",
        "stream": "stderr",
        "source": "containers",
        "class": "default",
        "cluster": CLUSTER,
        "node": NODE,
        "namespace": "shop",
        "pod": "web",
        "container": "app",
    }
    assert set(found) == {
        "hello",
        "key [redacted:awsAccessKey]",
        "db=postgres://u:[redacted:urlPassword]@db/x",
        REQUEST,
    }
    assert found[REQUEST]["class"] == "audit"
    assert found[REQUEST]["time"].startswith(EARLIER)


def test_a_noisy_namespace_is_limited_and_others_are_not(tmp_path: Path) -> None:
    limits = {"namespaces": {"noisy": 5}, "burstSeconds": 4}
    with http_sink() as sink:
        made = collector(tmp_path, to(sink, limits=limits))
        made.container("noisy", *(f"noise {number}" for number in range(1000)))
        made.container("shop", *(f"line {number}" for number in range(500)))
        with made.running():
            until(lambda: "line 499" in sink.logs, made.log)
            noise = [each for each in sink.logs if each.startswith("noise")]
            # Reading takes a second or two in which the bucket fills a little.
            assert 20 <= len(noise) < 200
            made.container("noisy", "after", pod="other")
            until(lambda: "after" in sink.logs, made.log)
    assert len([each for each in sink.logs if each.startswith("line")]) == 500
    told = sum(int(each.get("dropped", "0")) for each in sink.records)
    passed = len([each for each in sink.logs if each.startswith("noise")])
    assert told + passed == 1000


def test_what_a_destination_refuses_waits_on_the_disk(tmp_path: Path) -> None:
    count = 3000
    with http_sink() as sink:
        sink.refuses = True
        made = collector(tmp_path, to(sink))
        made.container("shop", *(f"line {number}" for number in range(count)))
        with made.running(kill=True):
            last = f"line {count - 1}".encode()
            chunks = tmp_path / "state/chunks"
            until(
                lambda: any(last in file.read_bytes() for file in chunks.rglob("*.flb")), made.log
            )
        assert not sink.records
        sink.refuses = False
        with made.running():
            until(lambda: len(set(sink.logs)) >= count, made.log)
    assert set(sink.logs) == {f"line {number}" for number in range(count)}


def test_a_bearer_token_comes_from_the_environment(tmp_path: Path) -> None:
    with http_sink() as sink:
        settings = to(sink)
        settings["forward"][0] |= {"secret": "sink", "bearer": True}
        made = collector(tmp_path, settings)
        made.container("shop", "hello")
        with made.running():
            until(lambda: sink.has(1), made.log)
    assert sink.headers["Authorization"] == "Bearer t"


@pytest.mark.parametrize("kind", ["elasticsearch", "opensearch"])
def test_documents_are_created_in_bulk(tmp_path: Path, kind: str) -> None:
    with http_sink() as sink:
        url = f"http://127.0.0.1:{sink.port}"
        forward = [{"type": kind, "name": "search", "url": url, "index": "logs-a", "secret": "s"}]
        made = collector(tmp_path, to(sink, forward=forward))
        made.container("shop", "hello")
        with made.running():
            until(lambda: sink.has(2), made.log)
    action, document = sink.records
    assert sink.path == "/_bulk"
    assert action["create"]["_index"] == "logs-a"
    assert document["log"] == "hello"
    assert document["@timestamp"]
    assert sink.headers["Authorization"] == f"Basic {base64.b64encode(b'u:p').decode()}"


def test_syslog_is_rfc_5424(tmp_path: Path) -> None:
    with syslog_sink() as sink:
        forward = {"type": "syslog", "name": "siem", "host": "127.0.0.1", "port": sink.port}
        settings = to(sink, forward=[forward | {"protocol": "tcp", "classes": ["audit"]}])
        settings["retention"] = {"classes": [AUDIT]}
        made = collector(tmp_path, settings)
        made.container("shop", "not for it")
        made.audit('{"verb":"get"}')
        with made.running():
            until(lambda: sink.has(1), made.log)
    (line,) = sink.records
    assert re.fullmatch(rf'<14>1 \S+Z {NODE} - - audit - (\ufeff)?{{"verb":"get"}}', line), line


@pytest.mark.slow
def test_the_archive_has_a_folder_for_each_class_and_day(tmp_path: Path) -> None:
    boto3 = pytest.importorskip("boto3")
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    try:
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "s"}
        s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
        s3.create_bucket(Bucket="archive")
        settings = {
            "store": "none",
            "collect": ["containers", "audit"],
            "archive": {"bucket": "archive", "endpoint": endpoint, "secret": "s3"},
            "retention": {"classes": [AUDIT]},
        }
        # A minute is the least that a stack file can say; a test does not wait for it.
        made = collector(tmp_path, settings, {"upload_timeout 10m": "upload_timeout 3s"})
        made.container("shop", "hello", f"key {KEY}")
        made.audit('{"verb":"get"}')

        def stored() -> list[str]:
            answer = s3.list_objects_v2(Bucket="archive")
            return [each["Key"] for each in answer.get("Contents", ())]

        with made.running():
            until(lambda: len(stored()) >= 2, made.log)
        names = sorted(stored())
        assert [name.split("/")[:4] for name in names] == [
            ["logs", "audit", "audit", CLUSTER],
            ["logs", "default", "containers", CLUSTER],
        ]
        body = s3.get_object(Bucket="archive", Key=names[1])["Body"].read()
        lines = [json.loads(line) for line in gzip.decompress(body).splitlines()]
        assert [each["log"] for each in lines] == ["hello", "key [redacted:awsAccessKey]"]
        assert lines[0]["time"]
    finally:
        server.stop()
