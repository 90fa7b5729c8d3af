"""The components of this folder; arguments and outputs of all: `AddonComponent`."""

from __future__ import annotations

from components.delivery.component import AddonComponent
from components.logging.logs import LogsSettings


class Logs(AddonComponent):
    """Collection, storage, archive and forwarding of logs.

    The arguments are the fields of `LogsSettings`.

        Logs("logs", cluster=shop, store="victoriaLogs")
    """

    SETTINGS = LogsSettings
