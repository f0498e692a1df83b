"""`python -m talaia` is `talaia`."""

import sys

from talaia.cli import main

sys.exit(main())
