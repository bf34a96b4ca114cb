"""``python -m samplebench``: the command line."""

import sys

from samplebench.cli import main

if __name__ == "__main__":
    sys.exit(main())
