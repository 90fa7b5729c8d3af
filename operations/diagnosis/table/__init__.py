"""The table: what is seen on which kind of object means which code.

One module for each subject. Of an object's rows the first that fits counts, so deeper causes come
before their consequences.
"""

from functools import lru_cache

from components.infrastructure.failure_sign import FailureSign
from components.infrastructure.registry import infrastructure, infrastructures
from operations.diagnosis.row import CLOUD, EVERY_KIND, Row
from operations.diagnosis.table import (
    addons,
    cloud,
    cluster,
    control_plane,
    deletion,
    machine,
    owners,
)


def table_of(signs: tuple[FailureSign, ...]) -> tuple[Row, ...]:
    """The whole table.

    Args:
        signs: of failures of the infrastructures in use.
    """
    return (
        *cluster.ROWS,
        *control_plane.ROWS,
        *owners.ROWS,
        *machine.FIRST,
        *deletion.MACHINE,
        *machine.ROWS,
        *cloud.rows(signs),
        *addons.ROWS,
        *deletion.EVERY_KIND,
    )


@lru_cache(maxsize=8)
def _by_kind(signs: tuple[FailureSign, ...]) -> dict[str, list[Row]]:
    table = table_of(signs)
    kinds = {row.kind for row in table} - {CLOUD}
    return {
        kind: [row for row in table if row.kind in (kind, EVERY_KIND)] for kind in sorted(kinds)
    } | {CLOUD: [row for row in table if row.kind in (CLOUD, EVERY_KIND)]}


def rows_for(kind: str, *, is_infrastructure: bool, signs: tuple[FailureSign, ...]) -> list[Row]:
    """The rows that an object of this kind is judged by, in order."""
    by_kind = _by_kind(signs)
    return by_kind[CLOUD] if is_infrastructure else by_kind.get(kind, by_kind[EVERY_KIND])


def every_sign() -> tuple[FailureSign, ...]:
    """The signs of every infrastructure that is there; imports each of them, but no SDK."""
    return tuple(sign for name in infrastructures() for sign in infrastructure(name).FAILURE_SIGNS)
