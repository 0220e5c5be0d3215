"""`python -m cnnspec`: the command line."""

import sys

from cnnspec.commands import main

sys.exit(main())
