"""One file that holds a bureau's whole memory: a tar with the database, the evidence and, last, a manifest.

Whoever reads it trusts nothing but the manifest: a member that is missing, changed or not named makes it damaged, and a
file that was cut off has no manifest at all.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO

MANIFEST = "manifest.json"
SQLITE, POSTGRES = "duban.db", "duban.pgdump"
"""The database's member, by kind of store."""
FORMAT = 1
NAMED = re.compile(r"duban-\d{8}-\d{6}\.tar")
_CHUNK = 1 << 20

Progress = Callable[[str], None]


class Damaged(ValueError):
    """The archive is not what its manifest says, or has none."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`taken_at` is before the database was read: whatever came later may not be in it. `rows` counts each table,
    `members` are sha256 by name."""

    taken_at: datetime
    release: str
    revision: str
    database: str
    rows: dict[str, int]
    members: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self), "taken_at": self.taken_at.isoformat()}, indent=1)

    @classmethod
    def from_json(cls, raw: bytes) -> Manifest:
        try:
            read = json.loads(raw)
            if read.pop("format") != FORMAT:
                raise Damaged("it was made by a newer release")
            return cls(**{**read, "taken_at": datetime.fromisoformat(read["taken_at"])})
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise problem if isinstance(problem, Damaged) else Damaged("its manifest cannot be read") from problem


def name_at(local: datetime) -> str:
    """duban-20261118-030000.tar; sorts by time."""
    return f"duban-{local:%Y%m%d-%H%M%S}.tar"


def archives_in(folder: Path) -> list[Path]:
    """The newest first."""
    found = (path for path in folder.iterdir() if NAMED.fullmatch(path.name)) if folder.is_dir() else ()
    return sorted(found, key=lambda path: path.name, reverse=True)


class Writer:
    """Puts members into an archive and remembers what they were."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.members: dict[str, str] = {}

    def add(self, source: Path, name: str) -> None:
        with source.open("rb") as file:
            info = self._tar.gettarinfo(arcname=name, fileobj=file)
            info.mode, info.uid, info.gid, info.uname, info.gname = 0o600, 0, 0, "", ""
            reading = _Hashing(file)
            self._tar.addfile(info, reading)  # type: ignore[arg-type]
        self.members[name] = reading.digest.hexdigest()


class _Hashing:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        found = self._file.read(size)
        self.digest.update(found)
        return found


def write(path: Path, fill: Callable[[Writer], Manifest]) -> Manifest:
    """A new archive, readable by its owner only; on disk when this returns."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            manifest = fill(Writer(tar))
            _add_bytes(tar, MANIFEST, manifest.to_json().encode())
        file.flush()
        os.fsync(file.fileno())
    return manifest


def _add_bytes(tar: tarfile.TarFile, name: str, raw: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(raw), 0o600
    tar.addfile(info, io.BytesIO(raw))


def unpack(path: Path, folder: Path, progress: Progress = lambda _: None) -> Manifest:
    """Every member into `folder`, checked against the manifest. Raises Damaged; OSError where the disk does."""
    try:
        with tarfile.open(path, "r:") as tar:
            found = dict(_unpacked(tar, folder, progress))
    except (tarfile.TarError, EOFError) as problem:
        raise Damaged("it is no whole archive") from problem
    manifest = Manifest.from_json(found.pop(MANIFEST, (b"", ""))[0])
    _compare({name: digest for name, (_, digest) in found.items()}, manifest)
    return manifest


def _compare(found: dict[str, str], manifest: Manifest) -> None:
    if wrong := sorted(name for name in found.keys() & manifest.members if found[name] != manifest.members[name]):
        raise Damaged(f"{wrong[0]} was changed")
    if odd := sorted(found.keys() ^ manifest.members.keys()):
        raise Damaged(f"{odd[0]} is {'missing' if odd[0] in manifest.members else 'not in its manifest'}")
    if manifest.database not in found or manifest.database not in (SQLITE, POSTGRES):
        raise Damaged("there is no database in it")


def _unpacked(tar: tarfile.TarFile, folder: Path, progress: Progress) -> Iterator[tuple[str, tuple[bytes, str]]]:
    """The manifest's content, and the sha256 of everything else."""
    for info in tar:
        source = tar.extractfile(info) if info.isreg() else None
        if source is None or not _is_ours(info.name):
            raise Damaged(f"{info.name!r} does not belong into it")
        if info.name == MANIFEST:
            yield MANIFEST, (source.read(), "")
        else:
            progress(info.name)
            yield info.name, (b"", copied(source, folder / info.name))


def _is_ours(name: str) -> bool:
    """Nothing that could land outside the folder."""
    parts = PurePosixPath(name).parts
    return name in (MANIFEST, SQLITE, POSTGRES) or (
        parts[0] == "evidence" and len(parts) == 3 and ".." not in parts and "\\" not in name
    )


def copied(source: IO[bytes], target: Path) -> str:
    """Write `target` for good; returns the content's sha256."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def sync(paths: Iterable[Path]) -> None:
    """Files or folders: a name is on disk only when its folder is."""
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def digest_of(file: IO[bytes]) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
