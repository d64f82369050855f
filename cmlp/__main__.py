"""What ``python -m cmlp`` runs."""

import sys

from cmlp.cli import main

if __name__ == "__main__":
    sys.exit(main())
