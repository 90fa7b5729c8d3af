"""Diagnosis of clusters: from Cluster API's conditions to codes."""

from operations.diagnosis.inventory import Inventory, read_inventory
from operations.diagnosis.judge import DiagnosedProblem, Diagnosis, diagnose
from operations.diagnosis.processes import dead_processes

__all__ = [
    "DiagnosedProblem",
    "Diagnosis",
    "Inventory",
    "dead_processes",
    "diagnose",
    "read_inventory",
]
