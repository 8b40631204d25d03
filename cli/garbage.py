"""Looking for garbage costs a tenth of a busy process that makes much and keeps most of it."""

from __future__ import annotations

import gc


def stay() -> None:
    """This process lives long: garbage is looked for seldom, and not among what was imported."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()
