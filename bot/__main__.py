"""`python -m bot`, the same as `npmtrust`."""

import sys

from bot.cli import main

sys.exit(main())
