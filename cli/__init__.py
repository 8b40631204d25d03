"""The command line and the composition root; nobody imports it."""

import sys

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # httpx's command line pulls in rich: 0.3 s
