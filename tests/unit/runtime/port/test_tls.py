"""The certificate authority: made once, kept, checked before it is used, and what its certificates are for."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from livebus.errors import LivebusError
from livebus.runtime.kept.state import StateFolder
from livebus.runtime.port import tls
from livebus.runtime.port.tls import make_ca, server_context


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateFolder]:
    folder = StateFolder(tmp_path / "state")
    yield folder
    folder.close()


def test_a_ca_is_made_once(state: StateFolder) -> None:
    """Clients that trust it go on trusting it: the second start takes the one that there is."""
    path = make_ca(state)
    assert path == state.file("ca.pem")
    kept = path.read_bytes(), state.file("ca-key.pem").read_bytes()
    assert make_ca(state) == path
    assert (path.read_bytes(), state.file("ca-key.pem").read_bytes()) == kept
    name = x509.load_pem_x509_certificate(kept[0]).subject
    assert "Livebus local runtime" in [each.value for each in name]


@pytest.mark.parametrize("missing", ["ca.pem", "ca-key.pem"])
def test_half_a_ca_is_made_anew(state: StateFolder, missing: str) -> None:
    """One file without the other is of no use."""
    before = make_ca(state).read_bytes()
    state.file(missing).unlink()
    assert make_ca(state).read_bytes() != before


def test_a_ca_that_is_none_is_told(state: StateFolder) -> None:
    """Before the first client of TLS comes: which file, what it should be, what to do."""
    path = make_ca(state)
    path.write_text("nonsense", encoding="ascii")
    with pytest.raises(LivebusError) as told:
        make_ca(state)
    (fault,) = told.value.faults
    assert str(fault).startswith(f"{path}: the CA for TLS cannot be used: ")
    assert str(fault).endswith(
        "; expected a certificate in PEM form, and its key in ca-key.pem. Move both away: the runtime then makes a new CA, "
        "which clients have to trust anew."
    )
    assert "None" not in str(fault)


def test_a_ca_that_cannot_be_read_is_told(state: StateFolder) -> None:
    """In the operating system's words."""
    path = make_ca(state)
    path.unlink()
    path.mkdir()
    with pytest.raises(LivebusError, match=": the CA for TLS cannot be used: Is a directory; expected a certificate"):
        make_ca(state)


def test_files_that_do_not_belong_together_are_told(state: StateFolder, tmp_path: Path) -> None:
    """A certificate of another key."""
    other = StateFolder(tmp_path / "other")
    make_ca(other)
    make_ca(state).write_bytes(other.file("ca.pem").read_bytes())
    other.close()
    with pytest.raises(LivebusError, match="the CA for TLS cannot be used: "):
        make_ca(state)


def test_a_key_with_a_password_is_told(state: StateFolder) -> None:
    """Nobody is asked for one: the start would wait for ever."""
    make_ca(state)
    path = state.file("ca-key.pem")
    key = load_pem_private_key(path.read_bytes(), None)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    with pytest.raises(LivebusError, match="the CA for TLS cannot be used: "):
        make_ca(state)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "api.localhost", "192.0.2.7"])
def test_a_certificate_is_for_this_machine_and_the_host(state: StateFolder, name: str) -> None:
    """Names and addresses of the loopback, and the host that is listened on; HTTP/1.1 is what is spoken."""
    server = server_context(state, "192.0.2.7")
    client = ssl.create_default_context(cafile=str(state.file("ca.pem")))
    client.set_alpn_protocols(["h2", "http/1.1"])
    assert shaken(server, client, name) == "http/1.1"


def test_names_below_localhost_have_certificates_of_their_own(
    state: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as there is room for, each made once: OpenSSL takes no certificate for ``*.localhost``."""
    monkeypatch.setattr(tls, "_MOST_NAMES", 2)
    server = server_context(state, "localhost")
    client = ssl.create_default_context(cafile=str(state.file("ca.pem")))
    for name in ("bucket.localhost", "a.b.localhost", "bucket.localhost"):
        assert shaken(server, client, name) is None
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(server, client, "third.localhost")


@pytest.mark.parametrize("name", ["-a.localhost", "a_b.localhost", "a.b.c.d.e.localhost", "xlocalhost"])
def test_a_name_that_is_none_gets_the_first_certificate(state: StateFolder, name: str) -> None:
    """Nothing is made for what no host is called, nor does the handshake end."""
    server = server_context(state, "localhost")
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.load_verify_locations(state.file("ca.pem"))
    assert shaken(server, client, name) is None


def test_a_certificate_is_for_nobody_else(state: StateFolder) -> None:
    """Other names are refused by the client."""
    client = ssl.create_default_context(cafile=str(make_ca(state)))
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(server_context(state, "localhost"), client, "example.com")


def shaken(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> str | None:
    """What both agree to speak after a handshake in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(to_client, to_server, server_hostname=name)
    other = server.wrap_bio(to_server, to_client, server_side=True)
    done = {id(one): False, id(other): False}
    while not all(done.values()):
        for side in (one, other):
            try:
                side.do_handshake()
                done[id(side)] = True
            except ssl.SSLWantReadError:
                continue
    return one.selected_alpn_protocol()
