"""The registry of CAAS codes and the one exception that carries them.

`errors/areas` has a YAML file per area with number and texts of each code; the module of the same
name has the codes as constants. Raise `CaasError(stack_file.UNKNOWN_KEY, "…", where=Where(…))`.
"""

from errors.model import NOWHERE, CaasError, Code, Problem, Where
from errors.texts import Actor

__all__ = ["NOWHERE", "Actor", "CaasError", "Code", "Problem", "Where"]
