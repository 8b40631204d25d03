"""`make mutations`: does each named test fail when the one line it guards is changed?

`mutations.toml` lists the changes: `file`, what stands there once (`old`), what is put there (`new`), and the `test`
that has to fail; those of the 36 golden tests stand beside them in golden/table.toml. They are made in a copy of the
tree, one store is enough to notice; names as arguments choose some of them, `golden` all of the 36.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.golden.table import golden

ROOT = Path(__file__).parent.parent
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "*.egg-info", ".*_cache", "__pycache__", "data", "build")


@dataclass(frozen=True, slots=True)
class Mutation:
    name: str
    file: str
    old: str
    new: str
    test: str


def listed() -> list[Mutation]:
    found = tomllib.loads((ROOT / "tests" / "mutations.toml").read_text("utf-8"))
    numbered = [Mutation(f"golden {one.number:02}", one.file, one.old, one.new, one.test) for one in golden()]
    return [*(Mutation(name, **facts) for name, facts in found.items()), *numbered]


def _passes(tree: Path, *tests: str) -> bool:
    """Raises ValueError when there is no such test."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not postgres", *tests]
    ended = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    if ended.returncode not in (0, 1):
        raise ValueError(ended.stdout + ended.stderr)
    return ended.returncode == 0


def _survives(tree: Path, mutation: Mutation) -> str:
    """Empty when the test noticed; else what is wrong."""
    path = tree / mutation.file
    text = path.read_text("utf-8")
    if text.count(mutation.old) != 1:
        return f"{mutation.old!r} stands {text.count(mutation.old)} times in {mutation.file}"
    path.write_text(text.replace(mutation.old, mutation.new), "utf-8")
    try:
        return f"{mutation.test} did not notice" if _passes(tree, mutation.test) else ""
    except ValueError as problem:
        return str(problem)
    finally:
        path.write_text(text, "utf-8")


def main() -> None:
    chosen = [one for one in listed() if not sys.argv[1:] or {one.name, one.name.split()[0]} & set(sys.argv[1:])]
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
        if not _passes(tree, *sorted({one.test for one in chosen})):
            sys.exit("the tests do not pass as they are")
        wrong = 0
        for one in chosen:
            problem = _survives(tree, one)
            wrong += bool(problem)
            print(f"{'✗' if problem else '✓'} {one.name}: {problem or one.test}", flush=True)
    print(f"{len(chosen) - wrong} of {len(chosen)} changes were noticed")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
