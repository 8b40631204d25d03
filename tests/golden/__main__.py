"""`python -m tests.golden`: the 36, what holds each, and the line that may not change."""

from __future__ import annotations

from tests.golden.table import golden


def main() -> None:
    for one in golden():
        print(f"{one.number:2}. {one.title}")
        for test in one.tests:
            print(f"      {test}")
        print(f"      {one.file}: {one.old.strip()!r} → {one.new.strip()!r}")


if __name__ == "__main__":
    main()
