"""The registry of CAAS codes and the one exception that carries them.

Codes live in one module per room: `stack_file` (1xxx), `machine` (2xxx), `program` (3xxx),
`runtime` (5xxx). Raise `CaasError(stack_file.UNKNOWN_KEY, "…", where=Where(…))`.
"""

from errors.model import NOWHERE, Actor, CaasError, Code, Problem, Where

__all__ = ["NOWHERE", "Actor", "CaasError", "Code", "Problem", "Where"]
