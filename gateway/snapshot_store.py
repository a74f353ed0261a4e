"""The last good snapshot on disk, with which a gateway starts while the catalog is down.

::

    directory/
      manifest.json       the signed manifest, as the catalog sent it
      parts/<sha256>      the parts that it names

A file is written beside its place, flushed and renamed, and parts come before the manifest that names them: after
a crash at any moment the directory holds the old snapshot or the new one. What is read back is verified as if it
had come over the network.

The workers of a gateway share the directory. One at a time reads or writes a whole snapshot, and none replaces a
newer one: a worker that is behind would delete the parts of those that are ahead.
"""

import contextlib
import fcntl
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contracts.snapshot import (
    Data,
    Manifest,
    PackedSnapshot,
    SignedManifest,
    SnapshotError,
    collect,
    verify,
)
from gateway.pieces import digest_in_pieces, in_pieces, read_in_pieces

_DIGEST: Final = re.compile(r"sha256:([0-9a-f]{64})\Z")
_PARTIAL: Final = ".partial"


class SnapshotStore:
    """Holds one snapshot. All calls do file I/O and block. Implements `contracts.snapshot.Parts`.

    `key` is the catalog's snapshot key, `preview` the change that is shown, if one is. Raises OSError where the
    directory cannot be made, read or written.
    """

    def __init__(self, directory: Path, key: Ed25519PublicKey, preview: str = "") -> None:
        self._directory = directory
        self._key = key
        self._preview = preview
        self._loaded: tuple[SignedManifest, Manifest] | None = None
        self._parts = directory / "parts"
        self._manifest = directory / "manifest.json"
        self._parts.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def loaded(self) -> tuple[SignedManifest, Manifest] | None:
        """The manifest that was last loaded or saved, as sent and as read."""
        return self._loaded

    def load(self) -> PackedSnapshot | None:
        """The stored snapshot, verified; None where there is none yet. Raises SnapshotError."""
        with self._locked():
            signed = self._stored()
            if signed is None:
                return None
            snapshot = collect(verify(signed, self._key, self._preview), self, digest=digest_in_pieces)
        self._loaded = signed, snapshot.manifest
        return snapshot

    def forget(self) -> None:
        """What was loaded could not be put in force: whoever asks what is `loaded` finds nothing."""
        self._loaded = None

    def get(self, digest: str, /) -> Data | None:
        """A part's bytes as they are on disk; `collect` proves them."""
        name = _DIGEST.match(digest)
        if name is None:
            return None
        try:
            return read_in_pieces(self._parts / name[1])
        except FileNotFoundError:
            return None

    def holds(self, digest: str) -> bool:
        """Whether the part is there, unaltered."""
        data = self.get(digest)
        return data is not None and digest_in_pieces(data) == digest

    def save(self, signed: SignedManifest, manifest: Manifest, parts: Mapping[str, Data]) -> None:
        """Puts a snapshot in the place of the stored one, then deletes the parts that it does not name, but for
        the access part of the one before.

        `parts` are those that are not on disk yet. A newer snapshot that another worker has stored stays.
        """
        with self._locked():
            if not self._newer_is_stored(manifest):
                self._replace(signed, manifest, parts)
        self._loaded = signed, manifest

    def _replace(self, signed: SignedManifest, manifest: Manifest, parts: Mapping[str, Data]) -> None:
        wanted = {self._name(manifest.contracts), self._name(manifest.access)}
        # Another worker may be one access part behind, and makes the next of that one.
        before = self._stored_manifest()
        if before is not None:
            wanted.add(self._name(before.access))
        for digest, data in parts.items():
            if digest_in_pieces(data) != digest:
                raise SnapshotError(f"the bytes of part {digest} are not those of that name")
            self._write(self._parts / self._name(digest), data)
        _sync_directory(self._parts)
        self._write(self._manifest, msgspec.json.encode(signed))
        _sync_directory(self._directory)
        for path in self._parts.iterdir():
            if path.name not in wanted:
                path.unlink(missing_ok=True)
        for path in self._directory.glob(f"*{_PARTIAL}"):
            path.unlink(missing_ok=True)

    def _stored(self) -> SignedManifest | None:
        try:
            return msgspec.json.decode(self._manifest.read_bytes(), type=SignedManifest)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            raise SnapshotError(f"the stored manifest does not decode: {error}") from None

    def _stored_manifest(self) -> Manifest | None:
        """What is stored, where it can be trusted."""
        try:
            signed = self._stored()
            return None if signed is None else verify(signed, self._key, self._preview)
        except SnapshotError:
            return None

    def _newer_is_stored(self, manifest: Manifest) -> bool:
        """Whether what is stored can be trusted, is whole, and came after `manifest`."""
        stored = self._stored_manifest()
        if stored is None or stored.serial <= manifest.serial:
            return False
        return all((self._parts / self._name(digest)).exists() for digest in (stored.contracts, stored.access))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """For one worker at a time; a lock ends with its process (flock(2))."""
        descriptor = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @staticmethod
    def _name(digest: str) -> str:
        name = _DIGEST.match(digest)
        if name is None:
            # A digest becomes a file's name; nothing else may.
            raise SnapshotError(f"{digest!r} is not a digest")
        return name[1]

    @staticmethod
    def _write(path: Path, data: Data) -> None:
        # mkstemp makes the file with mode 0600.
        descriptor, partial = tempfile.mkstemp(prefix=f"{path.name}-", suffix=_PARTIAL, dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for piece in in_pieces(data):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            Path(partial).replace(path)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise


def _sync_directory(directory: Path) -> None:
    """Makes a rename in it last over a power failure."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
