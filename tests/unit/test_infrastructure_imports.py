"""The imports of infrastructures; every process makes the same objects of a stack file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infrastructure.examples import EXAMPLES, write_stack
from tests.unit.command_line import LIMIT, ROOT, environment

SDKS = ("pulumi_aws", "pulumi_openstack", "pulumi_kubernetes", "boto3")
SCRIPT = """
import hashlib, json, sys
from pathlib import Path
from stacks.settings import load_file
stack = load_file(Path(sys.argv[1]))
parts = stack.infrastructure.class_parts()
stack.infrastructure.objects("clusters"), stack.infrastructure.charts()
content = json.dumps([parts.patches, parts.cluster.spec, parts.worker_machine.spec])
print(json.dumps([hashlib.sha256(content.encode()).hexdigest(), sorted(sys.modules)]))
"""


ALL = """
import json, sys
from components.infrastructure.registry import infrastructure
import stacks.settings
for name in json.loads(sys.argv[1]):
    infrastructure(name)
print(json.dumps(sorted({each.partition(".")[0] for each in sys.modules})))
"""


def test_the_settings_of_a_stack_file_import_no_sdk() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALL, json.dumps(list(EXAMPLES))],
        env=environment({"PYTHONPATH": str(ROOT)}),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not set(json.loads(done.stdout)) & {*SDKS, "pulumi"}


@pytest.mark.slow  # starts Python for each infrastructure
@pytest.mark.parametrize("name", EXAMPLES)
def test_settings_import_no_sdk_and_are_the_same_in_every_process(
    name: str, tmp_path: Path
) -> None:
    """The AWS SDK alone is 270 MB; a stack file is read without any."""
    file = write_stack(tmp_path, name, full=True, namespace="try")
    digests = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(file)],
            env=environment({"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}),
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        digest, modules = json.loads(done.stdout)
        digests.add(digest)
        assert not {each.partition(".")[0] for each in modules} & set(SDKS)
        others = {f"components.infrastructure.{each}" for each in set(EXAMPLES) - {name}}
        assert not others & set(modules)
    assert len(digests) == 1


PROGRAM = """
import sys
from pathlib import Path
from engine.program import run_program
run_program("try", Path(sys.argv[1]))
print("\\n".join(sorted({each.partition(".")[0] for each in sys.modules})))
"""


@pytest.mark.slow  # starts Python for each infrastructure
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_program_imports_the_sdk_of_its_infrastructure_alone(name: str, tmp_path: Path) -> None:
    file = write_stack(tmp_path, name, full=False, namespace="try")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, str(file)],
        env=environment({"PYTHONPATH": str(ROOT), "CAAS_STATE": str(tmp_path)}),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    clouds = {each for each in done.stdout.split() if each in ("pulumi_aws", "pulumi_openstack")}
    assert clouds <= {f"pulumi_{name}"}
