"""Reading stack files from disk and from the engine: what surrounds the settings themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import catalog
from errors import CaasError, Code, Problem, stack_file
from stacks.settings import Stack, as_pulumi_config, from_config, load_file, read
from tests.counted import calls_of_one_more
from tests.stack_files import stack_files

CHECKOUT = Path(__file__).parents[2]
RELEASE = str(catalog.catalog().default_release)
MOST_CALLS_OF_A_CLUSTER = 2_500
CLUSTER = f"config:\n  caas:clusters:\n    - name: shop\n      version: {RELEASE}\n"


def only_problem(path: Path) -> Problem:
    with pytest.raises(CaasError) as caught:
        load_file(path)
    (problem,) = caught.value.problems
    return problem


def write(folder: Path, content: str | bytes, stack: str = "test") -> Path:
    path = folder / f"Pulumi.{stack}.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_every_stack_file_of_the_project_loads() -> None:
    for path in stack_files():
        assert isinstance(load_file(path), Stack)


def test_missing_file_names_the_stacks_that_exist(tmp_path: Path) -> None:
    write(tmp_path, CLUSTER, "dev")
    write(tmp_path, CLUSTER, "local")
    problem = only_problem(tmp_path / "Pulumi.locla.yaml")
    assert problem.code is stack_file.FILE_MISSING
    assert "`locla`" in problem.what
    assert "dev, local" in problem.fix


@pytest.mark.parametrize("kind", ["directory", "name with NUL"])
def test_unreadable_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path if kind == "directory" else tmp_path / "a\0b"
    assert only_problem(path).code is stack_file.FILE_UNREADABLE


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_forbidden_file(tmp_path: Path) -> None:
    path = write(tmp_path, CLUSTER)
    path.chmod(0)
    assert only_problem(path).code is stack_file.FILE_UNREADABLE


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        (b"config:\n  caas:clusters: []\n  aws:owner: J\xfcrgen\n", 3, 15),
        (CLUSTER.encode("utf-16"), 1, 1),
        (b"config:\n  aws:owner: \x07\n", 2, 14),
    ],
    ids=["latin-1", "utf-16", "control character"],
)
def test_text_that_is_not_utf8(tmp_path: Path, content: bytes, line: int, column: int) -> None:
    problem = only_problem(write(tmp_path, content))
    assert problem.code is stack_file.NOT_UTF8
    assert (problem.where.line, problem.where.column) == (line, column)


def test_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    assert load_file(write(tmp_path, "\ufeff" + CLUSTER)).clusters[0].name == "shop"


def test_too_large_file(tmp_path: Path) -> None:
    path = write(tmp_path, "#" * (8 * 2**20 + 1))
    assert only_problem(path).code is stack_file.FILE_TOO_LARGE


@pytest.mark.parametrize("text", ["[" * 200_000, "- " * 200_000, "{a: " * 200_000])
def test_nesting_does_not_crash_the_process(tmp_path: Path, text: str) -> None:
    assert only_problem(write(tmp_path, text)).code is stack_file.TOO_COMPLEX


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", stack_file.FILE_EMPTY),
        ("---\n", stack_file.FILE_EMPTY),
        ("hello\n", stack_file.NOT_A_MAPPING),
        ("a: 1\n---\nb: 2\n", stack_file.YAML_SYNTAX),
        ("a: *nowhere\n", stack_file.YAML_SYNTAX),
        ("config: {\n", stack_file.YAML_SYNTAX),
        ('config: "\n', stack_file.YAML_SYNTAX),
        ("config: {<<: 3}\n", stack_file.UNSUPPORTED_YAML),
        ("config: {aws:a: !!python/object/apply:os.system [ls]}\n", stack_file.UNSUPPORTED_YAML),
    ],
)
def test_other_broken_yaml(tmp_path: Path, content: str, code: Code) -> None:
    assert only_problem(write(tmp_path, content)).code is code


def test_merged_keys_have_the_place_where_they_are_written(tmp_path: Path) -> None:
    text = (
        "environment:\n  pool: &pool\n    name: general\n    replicas: many\n"
        f"config:\n  caas:clusters:\n    - name: shop\n      version: {RELEASE}\n"
        "      workerPools:\n        - <<: *pool\n          maxSurge: 2\n"
    )
    where = only_problem(write(tmp_path, text)).where
    assert (where.line, where.path) == (4, "clusters[0].workerPools[0].replicas")


def test_where_finds_settings_by_their_path(tmp_path: Path) -> None:
    where = read(write(tmp_path, CLUSTER)).where(("clusters", 0, "version"))
    assert (where.line, where.column, where.path) == (4, 16, "clusters[0].version")


def test_from_config_takes_json_and_structures(tmp_path: Path) -> None:
    clusters = [{"name": "shop", "version": RELEASE}]
    foreign: dict[str, object] = {"kubernetes:context": "x", "aws:region": "eu-central-1"}
    stack = from_config({"caas:clusters": json.dumps(clusters), **foreign}, None)
    assert stack == from_config({"caas:clusters": clusters})
    # Only the folder of shelves is another one.
    assert stack.model_dump() == load_file(write(tmp_path, CLUSTER)).model_dump()


def test_from_config_has_the_places_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, CLUSTER.replace("shop", "Shop"))
    with pytest.raises(CaasError) as caught:
        from_config(as_pulumi_config(path), path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where.line) == (stack_file.BAD_NAME, 3)


@pytest.mark.parametrize("content", [None, "config: {", "a: 1"])
def test_from_config_works_without_a_readable_file(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "Pulumi.test.yaml" if content is None else write(tmp_path, content)
    with pytest.raises(CaasError) as caught:
        from_config({"caas:clusters": '[{"name": "shop", "version": 1.36}]'}, path)
    (problem,) = caught.value.problems
    assert problem.code is stack_file.VERSION_IS_NUMBER
    assert (problem.where.file, problem.where.line) == (str(path), None)
    assert problem.where.path == "clusters[0].version"


@pytest.mark.parametrize("value", ["[" * 100_000, "[1", "{", "text", 3, None, {"a": {}}])
def test_from_config_refuses_junk(value: object) -> None:
    with pytest.raises(CaasError) as caught:
        from_config({"caas:clusters": value})
    assert caught.value.problems[0].code is stack_file.WRONG_TYPE


def test_pulumi_config_leaves_encrypted_values_out(tmp_path: Path) -> None:
    text = (
        "config:\n  aws:key: {secure: x}\n  aws:region: eu\n  aws:on: true\n  caas:clusters: []\n"
    )
    config = as_pulumi_config(write(tmp_path, text))
    assert config == {"aws:region": "eu", "aws:on": "true", "caas:clusters": "[]"}


def test_pulumi_config_refuses_a_broken_file(tmp_path: Path) -> None:
    with pytest.raises(CaasError) as caught:
        as_pulumi_config(write(tmp_path, "config: {caas:clusters: [], caas:clusters: []}\n"))
    assert caught.value.problems[0].code is stack_file.DUPLICATE_KEY


def test_one_more_cluster_costs_the_same_in_a_large_stack(tmp_path: Path) -> None:
    """`python -m benchmarks check` has the time of a thousand."""
    cluster = CLUSTER.split("caas:clusters:\n")[1] + (
        "      labels: { tier: production }\n"
        "      network: { routed: true, pods: [10.A.B.0/20], services: [172.16.0.0/16] }\n"
        "      workerPools:\n"
        "        - { name: general, replicas: 2, maxUnavailable: 25%, minReady: 5m }\n"
        "        - name: batch\n"
        "          taints: [{ key: workload, value: batch, effect: NoSchedule }]\n"
    )

    def load(many: int) -> None:
        parts = (
            cluster.replace("shop", f"shop-{i}").replace("A.B", f"{i * 16 // 256}.{i * 16 % 256}")
            for i in range(many)
        )
        path = write(tmp_path, "config:\n  caas:clusters:\n" + "".join(parts))
        assert len(load_file(path).clusters) == many

    in_small, in_large = calls_of_one_more(load, 25)
    assert in_large < 1.1 * in_small
    assert in_large < MOST_CALLS_OF_A_CLUSTER


def test_importing_the_package_is_light() -> None:
    code = "import sys, stacks.settings; print(any(m in sys.modules for m in ('pydantic', 'yaml')))"
    command = [sys.executable, "-c", code]
    out = subprocess.check_output(command, cwd=CHECKOUT, text=True, timeout=60)
    assert out.strip() == "False"
