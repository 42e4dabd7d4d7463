"""Print the fault table: `make test-faults`."""

from __future__ import annotations

import asyncio
import functools
import sys

from faults.table import SECTIONS, report

sys.exit(not asyncio.run(report(SECTIONS, functools.partial(print, flush=True))))
