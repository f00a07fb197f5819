"""
A certificate authority of one's own, made when TLS is first asked for, so that ``wss://`` and ``https://`` work locally.

The CA's certificate and key stay in the state folder: a client that was told to trust it goes on trusting it.
"""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from livebus.errors import LivebusError, Place
from livebus.files import MAX_SETTINGS_BYTES, content
from livebus.runtime.kept.state import StateFolder

if TYPE_CHECKING:
    import trustme

CA_FILE = "ca.pem"
_CA_KEY_FILE = "ca-key.pem"
_HOSTS = ("localhost", "127.0.0.1", "::1")
# No client takes a certificate for *.localhost (OpenSSL wants two labels behind a star): these names get their own.
_BELOW_LOCALHOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,4}localhost")
_MOST_NAMES = 64


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
    except OSError as error:  # what ssl finds is one as well
        raise LivebusError(
            f"the CA for TLS cannot be used: {error.strerror}",
            Place(str(state.file(CA_FILE))),
            expected=f"a certificate in PEM form, and its key in {_CA_KEY_FILE}",
            advice="Move both away: the runtime then makes a new CA, which clients have to trust anew.",
        ) from None
    return state.file(CA_FILE)


def server_context(state: StateFolder, host: str) -> ssl.SSLContext:
    """
    A TLS context with a fresh certificate of the CA, for loopback names and the host that the runtime listens on.

    A client that asks for a name below localhost (a bucket of S3) gets a certificate for that; beyond so many names, the first one.
    """
    import trustme

    make_ca(state)
    ca = trustme.CA.from_pem(
        content(state.file(CA_FILE), most=MAX_SETTINGS_BYTES),
        content(state.file(_CA_KEY_FILE), most=MAX_SETTINGS_BYTES),
    )
    named: dict[str, ssl.SSLContext] = {}

    def use_name(connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name is not None and name not in named and _BELOW_LOCALHOST.fullmatch(name) and len(named) < _MOST_NAMES:
            named[name] = _context(ca, name)
        if name in named:
            connection.context = named[name]

    context = _context(ca, *dict.fromkeys((*_HOSTS, host)))
    context.sni_callback = use_name
    return context


def _context(ca: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names).configure_cert(context)
    context.set_alpn_protocols(["http/1.1"])
    return context
