"""
A certificate authority of one's own, made when TLS is first asked for, so that ``wss://`` and ``https://`` work locally.

The CA's certificate and key stay in the state folder: a client that was told to trust it goes on trusting it.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from livebus.errors import LivebusError, Place
from livebus.files import MAX_SETTINGS_BYTES, content
from livebus.runtime.kept.state import StateFolder

CA_FILE = "ca.pem"
_CA_KEY_FILE = "ca-key.pem"
_HOSTS = ("localhost", "127.0.0.1", "::1", "*.localhost")


def make_ca(state: StateFolder) -> Path:
    """
    The path of the CA's certificate; makes the CA where there is none yet.

    Raises LivebusError where the one that there is cannot be used: the first client of TLS would otherwise learn it.
    """
    if not state.file(CA_FILE).exists() or not state.file(_CA_KEY_FILE).exists():
        import trustme  # only the first start of all needs it

        ca = trustme.CA(organization_name="Livebus local runtime")
        state.write(_CA_KEY_FILE, ca.private_key_pem.bytes())
        state.write(CA_FILE, ca.cert_pem.bytes())
    try:
        # Reads both, and that they belong together: what trustme does later, at a hundredth of its time to load.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(state.file(CA_FILE), state.file(_CA_KEY_FILE), "")
    except (ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LivebusError(
            f"the CA for TLS cannot be used: {reason}",
            Place(str(state.file(CA_FILE))),
            expected=f"a certificate in PEM form, and its key in {_CA_KEY_FILE}",
            advice="Move both away: the runtime then makes a new CA, which clients have to trust anew.",
        ) from None
    return state.file(CA_FILE)


def server_context(state: StateFolder, host: str) -> ssl.SSLContext:
    """A TLS context with a fresh certificate of the CA, for loopback names and the host that the runtime listens on."""
    import trustme

    make_ca(state)
    ca = trustme.CA.from_pem(
        content(state.file(CA_FILE), most=MAX_SETTINGS_BYTES),
        content(state.file(_CA_KEY_FILE), most=MAX_SETTINGS_BYTES),
    )
    certificate = ca.issue_cert(*dict.fromkeys((*_HOSTS, host)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    context.set_alpn_protocols(["http/1.1"])
    return context
