"""The sources of a cluster's volumes, as infrastructures and add-ons declare them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class VolumeClass:
    """A storage class.

    Attributes:
        name: what a PersistentVolumeClaim asks for.
        driver: its provisioner, `ebs.csi.aws.com`.
        is_default: whether claims that name no class get it.
    """

    name: str
    driver: str
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class SnapshotDriver:
    """A driver that takes snapshots.

    Attributes:
        name: the driver's name, `ebs.csi.aws.com`.
        suffix: tells its snapshot class from others, `ebs`.
        parameters: of its snapshot class.
    """

    name: str
    suffix: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Volumes:
    """Storage classes, and the drivers behind them that take snapshots."""

    classes: tuple[VolumeClass, ...] = ()
    snapshots: tuple[SnapshotDriver, ...] = ()
