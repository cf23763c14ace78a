"""Makes `tools`, which is not installed, importable wherever pytest starts."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
