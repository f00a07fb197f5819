"""The keys that sign tokens, kept in the state folder: who signed in before a restart stays signed in."""

from __future__ import annotations

from livebus.errors import Place
from livebus.runtime.cognito.tokens import SigningKeys
from livebus.runtime.kept.state import StateFolder

KEY_FILE = "signing-key.pem"


def kept_signing_keys(state: StateFolder) -> SigningKeys:
    """Those of the folder; made where it has none. Raises LivebusError where the file is not a key."""
    pem = state.read_bytes(KEY_FILE)
    if pem is not None:
        return SigningKeys.from_pem(pem, Place(str(state.file(KEY_FILE))))
    keys = SigningKeys.generate()
    state.write(KEY_FILE, keys.to_pem())
    return keys
