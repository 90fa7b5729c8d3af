"""The entry point of `./caas`: `python -I cli/__main__.py …`, from any folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cli.app import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
