"""The bearer token of the default tenant: given, or made once and kept in a file of its owner's."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from tempfile import NamedTemporaryFile

from bot.settings import Settings, SettingsError


def api_token_path(settings: Settings) -> Path:
    """Where the token is kept when API_TOKEN is unset; this, never the token, may be printed."""
    return settings.data_dir / "api-token"


def load_or_create_api_token(settings: Settings) -> str:
    """API_TOKEN, else the kept token, else a new one, kept with mode 0600; any number of processes get the same.

    Raises:
        OSError: DATA_DIR can be neither read nor written.
        SettingsError: the file is there, but empty.
    """
    if settings.api_token is not None:
        return settings.api_token.get_secret_value()
    path = api_token_path(settings)
    if path.exists():
        return _read(path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Written aside (mode 0600 from its first byte) and linked: of several processes, one link succeeds.
    with NamedTemporaryFile("w", dir=path.parent, prefix=".api-token-", encoding="utf-8") as draft:
        draft.write(secrets.token_urlsafe(32) + "\n")
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, path)
        except FileExistsError:
            pass
    return _read(path)


def _read(path: Path) -> str:
    token = path.read_text(encoding="utf-8").strip()
    if not token:
        raise SettingsError((f"{path}: expected the API token, found an empty file; remove it to have a new one made",))
    return token
