"""The table: what is seen on which kind of object means which code.

One module for each subject. Of an object's rows the first that fits counts, so deeper causes come
before their consequences.
"""

from collections.abc import Iterable

from embedded.diagnosis.row import CLOUD, EVERY_KIND, Row
from embedded.diagnosis.table import (
    addons,
    cloud,
    cluster,
    control_plane,
    deletion,
    machine,
    owners,
)

TABLE: tuple[Row, ...] = (
    *cluster.ROWS,
    *control_plane.ROWS,
    *owners.ROWS,
    *machine.FIRST,
    *deletion.MACHINE,
    *machine.ROWS,
    *cloud.ROWS,
    *addons.ROWS,
    *deletion.EVERY_KIND,
)


def _by_kind(table: Iterable[Row]) -> dict[str, list[Row]]:
    kinds = {row.kind for row in table} - {CLOUD}
    return {
        kind: [row for row in table if row.kind in (kind, EVERY_KIND)] for kind in sorted(kinds)
    } | {CLOUD: [row for row in table if row.kind in (CLOUD, EVERY_KIND)]}


BY_KIND = _by_kind(TABLE)


def rows_for(kind: str, *, is_infrastructure: bool) -> list[Row]:
    """The rows that an object of this kind is judged by, in order."""
    return BY_KIND[CLOUD] if is_infrastructure else BY_KIND.get(kind, BY_KIND[EVERY_KIND])
