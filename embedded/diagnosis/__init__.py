"""Why clusters are not as they should be: from Cluster API's conditions to codes."""

from embedded.diagnosis.inventory import Inventory, read_inventory
from embedded.diagnosis.judge import Diagnosis, Finding, diagnose
from embedded.diagnosis.processes import dead_processes

__all__ = ["Diagnosis", "Finding", "Inventory", "dead_processes", "diagnose", "read_inventory"]
