"""`python -m errors` writes only the constants: after a conflict in them, caas does not start."""

from pathlib import Path

from errors.registry import modules

for path, text in modules().items():
    (Path(__file__).parents[1] / path).write_text(text)
