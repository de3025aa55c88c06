"""Keys that protect nothing, the same in every process of the tests."""

from __future__ import annotations

import base64

from scheduler.db.crypto import Vault

KEY = base64.urlsafe_b64encode(b"a key for tests, and only those.").decode("ascii")
OTHER_KEY = base64.urlsafe_b64encode(b"another key for tests, no others").decode("ascii")


def new_vault(*keys: str) -> Vault:
    """Return a vault with these keys, or the usual one."""
    return Vault(keys or (KEY,))
