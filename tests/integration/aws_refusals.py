"""Refusals of AWS: the local AWS answers a call as AWS does when something is wrong.

The answers are AWS's codes; the provider's controller, its SDK and the conditions are real.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest import mock

import requests
from aws_stand import CLUSTER, IMAGE, STACK, Stand
from joining import tags
from kubectl import eventually
from local_aws import make_image
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import InstanceBackend

from engine.api import Api
from errors import Code
from operations.diagnosis import DiagnosedProblem, diagnose, read_inventory

SEEN_SECONDS = 60.0
POOL = 0
"""The pool of the cluster that gets a machine more."""


@dataclass
class Refusals:
    """The cluster whose machines AWS refuses.

    Attributes:
        answer: the code and the text that every RunInstances is answered with.
    """

    stand: Stand
    answer: tuple[str, str] = ("InternalError", "An internal error has occurred")

    def diagnosed(
        self, code: Code, *answer: str, about: str = "", kind: str = "AWSMachine"
    ) -> DiagnosedProblem:
        """Waits until the diagnosis says `code`, and nothing else, about an object.

        Args:
            code: what it is to say.
            answer: the code and the text of AWS from now on.
            about: the object's name; the machine that is refused, where it is not given.
            kind: the object's kind.
        """
        if answer:
            self.answer = (answer[0], answer[1])
        found: list[DiagnosedProblem] = []

        def seen() -> bool:
            self.look_again(kind, about or self.refused())
            inventory = read_inventory(Api(self.stand.plane.kubeconfig), STACK)
            told = diagnose(inventory.of_cluster(CLUSTER), patience=timedelta()).problems
            mine = [each for each in told if each.object.kind == kind and about in each.object.name]
            found[:] = [
                each
                for each in mine
                if each.code is code and all(part in each.why for part in answer)
            ]
            return len(found) == 1

        eventually(seen, SEEN_SECONDS, 1.0)
        return found[0]

    def look_again(self, kind: str, name: str) -> None:
        """Lets the controller reconcile an object now, and not after its back-off."""
        stamp = f"example.com/look={time.monotonic_ns()}"
        self.run("annotate", kind.lower(), name, stamp, "--overwrite")

    def refused(self) -> str:
        """The AWSMachine that has no instance."""
        (name,) = self.waiting()
        return name

    def waiting(self) -> list[str]:
        """The machines that have no instance."""
        machines = self.stand.kubectl.get("awsmachines", "-n", STACK)["items"]
        return [
            str(each["metadata"]["name"]) for each in machines if not each["spec"].get("instanceID")
        ]

    @property
    def cluster(self) -> str:
        """The AWSCluster."""
        found: dict[str, Any] = self.stand.kubectl.get("cluster", CLUSTER, "-n", STACK)
        return str(found["spec"]["infrastructureRef"]["name"])

    def run(self, *arguments: str) -> str:
        return self.stand.kubectl(*arguments, "-n", STACK)

    def scale(self, replicas: int) -> None:
        """Sets the number of machines of the pool."""
        path = f"/spec/topology/workers/machineDeployments/{POOL}/replicas"
        patch = json.dumps([{"op": "replace", "path": path, "value": replicas}])
        self.run("patch", "cluster", CLUSTER, "--type=json", "-p", patch)

    @contextmanager
    def without_image(self) -> Iterator[None]:
        """The image of the release is not there."""
        ec2 = self.stand.aws.client("ec2")
        images = ec2.describe_images(Filters=[{"Name": "name", "Values": [IMAGE]}])["Images"]
        for each in images:
            ec2.deregister_image(ImageId=each["ImageId"])
        try:
            yield
        finally:
            make_image(self.stand.aws, IMAGE)

    @contextmanager
    def stopped_machine(self) -> Iterator[str]:
        """Stops the instance of a worker, as in the console; gives the AWSMachine's name."""
        ec2, (instance, *_) = self.stand.aws.client("ec2"), self.stand.of_role("node")
        name, identifier = tags(instance)["Name"], [instance["InstanceId"]]
        ec2.stop_instances(InstanceIds=identifier)
        try:
            yield name
        finally:
            ec2.start_instances(InstanceIds=identifier)
            self.await_ready("AWSMachine", name)

    @contextmanager
    def wrong_credentials(self) -> Iterator[None]:
        """The local AWS asks who calls, and does not know the controller's key."""
        address = f"{self.stand.aws.endpoint}/moto-api/reset-auth"
        requests.post(address, data="0", timeout=10).raise_for_status()
        try:
            yield
        finally:
            requests.post(address, data="inf", timeout=10).raise_for_status()
            self.await_ready("AWSCluster", self.cluster)

    def await_ready(self, kind: str, name: str) -> None:
        """Waits until the controller has seen that all is well again."""

        def ready() -> bool:
            self.look_again(kind, name)
            found: dict[str, Any] = self.stand.kubectl.get(kind.lower(), name, "-n", STACK)
            told = {each["type"]: each["status"] for each in found["status"]["conditions"]}
            return told.get("Ready") == "True"

        eventually(ready, SEEN_SECONDS, 1.0)


@contextmanager
def refusing_machines(stand: Stand) -> Iterator[Refusals]:
    """Asks for a machine more, which AWS refuses as long as it is asked for."""
    refused = Refusals(stand)

    def refuse(*given: Any, **more: Any) -> None:
        raise EC2ClientError(*refused.answer)

    with mock.patch.object(InstanceBackend, "run_instances", refuse):
        refused.scale(2)
        try:
            eventually(lambda: len(refused.waiting()) == 1, SEEN_SECONDS, 1.0)
            yield refused
        finally:
            refused.scale(1)
            eventually(lambda: not refused.waiting(), SEEN_SECONDS, 1.0)
