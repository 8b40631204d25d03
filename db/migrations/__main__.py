"""For developers: `python -m db.migrations check` and `python -m db.migrations revise "message"`."""

from __future__ import annotations

import asyncio
import sys
import tempfile

from db import migrations
from db.session import make_engine


async def _main(verb: str, *words: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/scratch.db")
        await migrations.migrate(engine)
        if verb == "revise":
            await migrations.revise(engine, *words)
        else:
            await migrations.check(engine)
        await engine.dispose()


asyncio.run(_main(*sys.argv[1:]))
