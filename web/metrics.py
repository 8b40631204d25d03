"""GET /metrics in the Prometheus text format, by hand: every number is asked for when it is shown (decision 0015)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from aiohttp import web

from services.condition import Condition, Queues, problems
from services.vitals import Moment
from web.health import Health

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Samples = Mapping[str, float]
"""Values by their labels (`fate="sent"`); the empty label when there is but one."""


class Family(NamedTuple):
    name: str
    kind: str
    help: str
    samples: Samples


async def handle(health: Health) -> web.Response:
    text = "".join(written(family) for family in families(health, await health.watch.look()))
    return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})


def written(family: Family) -> str:
    name, kind, said, samples = family
    lines = [f"# HELP {name} {said}", f"# TYPE {name} {kind}"]
    for labels, value in samples.items():
        lines.append(f"{name}{{{labels}}} {_number(value)}" if labels else f"{name} {_number(value)}")
    return "\n".join(lines) + "\n" if samples else ""


def families(health: Health, condition: Condition) -> Iterator[Family]:
    vitals = health.workplace.vitals
    about = f'version="{health.version}",mode="{health.mode}"'
    yield Family("duban_info", "gauge", "Release and how updates come in.", {about: 1})
    yield Family(
        "duban_ready", "gauge", "1 when /health/ready says so.", {"": not problems(health.workplace, condition)}
    )
    yield Family("duban_store_up", "gauge", "1 when the store answers.", {"": condition.reachable})
    yield Family("duban_telegram_calls_total", "counter", "Calls of the Bot API.", _by("outcome", vitals.calls.items()))
    yield Family(
        "duban_telegram_last_success_age_seconds", "gauge", "Since the last successful call.",
        _age(vitals.telegram, health),
    )  # fmt: skip
    yield Family("duban_last_tick_age_seconds", "gauge", "Since the clock last ticked.", _age(vitals.tick, health))
    yield Family(
        "duban_webhook_requests_total", "counter", "Updates posted to us, by our answer.",
        _by("status", sorted(vitals.posted.items())),
    )  # fmt: skip
    if vitals.waiting is not None:
        yield Family("duban_webhook_waiting", "gauge", "Updates Telegram still holds.", {"": vitals.waiting})
    if condition.queues is not None:
        yield from _queues(condition.queues)


def _queues(queues: Queues) -> Iterator[Family]:
    inbox = {"pending": queues.pending, "set_aside": queues.set_aside}
    yield Family("duban_inbox_updates", "gauge", "Updates not done, by state.", _by("state", inbox.items()))
    yield Family("duban_inbox_oldest_seconds", "gauge", "Age of the oldest pending.", {"": queues.inbox_age or 0.0})
    fates = ((fate.value, count) for fate, count in queues.outbox.items())
    yield Family("duban_outbox_messages", "gauge", "Messages queued so far, by fate.", _by("fate", fates))
    yield Family("duban_outbox_held", "gauge", "Pending that may not go yet.", {"": queues.held})
    yield Family("duban_outbox_oldest_seconds", "gauge", "Age of the oldest due.", {"": queues.outbox_age or 0.0})


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.3f}"


def _by(label: str, values: Iterable[tuple[str, float]]) -> Samples:
    return {f'{label}="{name}"': value for name, value in values}


def _age(moment: Moment | None, health: Health) -> Samples:
    return {} if moment is None else {"": moment.age(health.clock)}
