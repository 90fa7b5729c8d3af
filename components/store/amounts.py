"""Amounts of resources as arithmetic on the settings of an application: `replicas * 250m`."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

LONGEST = 200
UNITS = {
    "m": Fraction(1, 1000),
    "Ki": Fraction(2**10),
    "Mi": Fraction(2**20),
    "Gi": Fraction(2**30),
    "Ti": Fraction(2**40),
}
QUANTITY = re.compile(r"\b(\d+(?:\.\d+)?)(m|Ki|Mi|Gi|Ti)\b")
OPERATORS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
FUNCTIONS: dict[str, Callable[..., Fraction]] = {"min": min, "max": max}


def number(text: str | int) -> Fraction:
    """The number that a quantity means: `250m` is a quarter, `1Ki` is 1024.

    Raises:
        ValueError: the text is no quantity.
    """
    plain = str(text)
    found = QUANTITY.fullmatch(plain)
    return Fraction(found[1]) * UNITS[found[2]] if found else Fraction(plain)


def quantity(key: str, amount: Fraction) -> str:
    """An amount as a quota writes it: `1.5`, `6Gi`."""
    if key not in ("memory", "storage"):
        return f"{float(amount):g}"
    gibi = amount / 2**30
    return f"{float(gibi):g}Gi" if gibi >= 1 else f"{float(amount / 2**20):g}Mi"


class Amount:
    """An expression of numbers, quantities, names of settings, `+ - * /`, `min` and `max`.

    Args:
        text: the expression.

    Attributes:
        names: the settings that it uses.

    Raises:
        ValueError: the text is no such expression.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > LONGEST:
            raise ValueError(f"it is longer than {LONGEST} characters")
        plain = QUANTITY.sub(lambda found: f"({number(found[0])})", text)
        try:
            self._tree = ast.parse(plain, mode="eval").body
        except (SyntaxError, RecursionError, MemoryError):
            raise ValueError("it is no arithmetic expression") from None
        self.names = frozenset(_names(self._tree))

    def value(self, settings: Mapping[str, Fraction]) -> Fraction:
        """The value with these settings.

        Raises:
            ValueError: a setting is missing, or something is divided by zero.
        """
        try:
            return _value(self._tree, settings)
        except KeyError as error:
            raise ValueError(f"there is no number `{error.args[0]}`") from None
        except ZeroDivisionError:
            raise ValueError("it divides by zero") from None


def _names(node: ast.expr) -> Iterable[str]:
    """The names below a node. Raises ValueError for what is no arithmetic."""
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            return ()
        case ast.Name():
            return (node.id,)
        case ast.BinOp() if type(node.op) in OPERATORS:
            return (*_names(node.left), *_names(node.right))
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in FUNCTIONS and node.args:
            return [found for each in node.args for found in _names(each)]
        case _:
            raise ValueError(f"`{ast.unparse(node)}` is no arithmetic")


def _value(node: ast.expr, settings: Mapping[str, Fraction]) -> Fraction:
    match node:
        case ast.Constant(value=int() | float()):
            return Fraction(str(node.value))
        case ast.Name():
            return settings[node.id]
        case ast.BinOp():
            left, right = _value(node.left, settings), _value(node.right, settings)
            return OPERATORS[type(node.op)](left, right)
        case ast.Call(func=ast.Name(id=name)):
            return FUNCTIONS[name](*(_value(each, settings) for each in node.args))
    raise AssertionError(node)  # `_names` has refused it
