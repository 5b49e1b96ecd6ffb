"""`python -m cursive.launcher`: what run.py becomes once the packages are there."""

import sys

from cursive.launcher.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
