"""Finds, fetches and identifies the files of a model; the network is used by `downloaded_folder` alone."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ramet.embed.names import EmbedderName
from ramet.errors import EmbedderUnavailable
from ramet.inert import inert_line

_BLOCK = 1 << 20


def cached_folder(name: EmbedderName, files: tuple[str, ...]) -> Path | None:
    """Return the folder of a model of the hub that was fetched before; None when there is none."""
    _quiet()
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        found = snapshot_download(name.model, revision=name.revision or None, allow_patterns=list(files), local_files_only=True)
    except (LocalEntryNotFoundError, OSError, ValueError):
        return None
    folder = Path(found)
    # A download that was interrupted leaves a folder without the files that matter.
    return folder if any(folder.glob("**/*.safetensors")) or any(folder.glob("**/*.bin")) else None


def downloaded_folder(name: EmbedderName, files: tuple[str, ...]) -> Path:
    """Fetch a model from the hub and return its folder; takes as long as the download. Raises EmbedderUnavailable."""
    _quiet()
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name.model, revision=name.revision or None, allow_patterns=list(files)))
    except Exception as error:  # of the hub, of HTTP, of the disk: they share no base
        reason = inert_line(str(error).strip().splitlines()[0][:200]) if str(error).strip() else type(error).__name__
        raise EmbedderUnavailable(
            f"The model {name.model} could not be fetched from the Hugging Face hub: {reason}",
            f"Check the name and the network, or fetch it elsewhere and set `embedder` to {name.kind}:/PATH/TO/FOLDER.",
        ) from error


def fingerprint(folder: Path, files: tuple[str, ...]) -> str:
    """Return a hash of everything in a model's folder that decides about its vectors. Raises EmbedderUnavailable."""
    found = {path for pattern in files for path in folder.glob(pattern) if path.is_file()}
    digest = hashlib.sha256()
    try:
        for path in sorted(found, key=lambda path: path.relative_to(folder).as_posix()):
            digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode("utf-8", "surrogatepass"))
            with path.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    digest.update(block)
    except OSError as error:
        what = f"The model in {folder} cannot be read: {error.strerror}."
        raise EmbedderUnavailable(what, "Make it readable for you.") from error
    return digest.hexdigest()[:16]


def _quiet() -> None:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
