"""One module a page of the generated reference; each has a function `page` that returns its Markdown."""

import sys
from pathlib import Path

# The reference tells of the code beside it, not of an Ostiary that is installed from elsewhere.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
