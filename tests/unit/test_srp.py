"""SRP's arithmetic: constants with a meaning, a vector of another implementation, both halves against each other."""

from __future__ import annotations

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from livebus import srp
from support.srp_client import SrpClient

# Computed with pycognito 2024.5.1, an implementation of its own: pool "Pool123", user "alice", password "Pässword 1",
# the salt below, and as private numbers SHA-512 of "a" and of "b", each written twice.
SALT = int("9f" + "01" * 15, 16)
CLIENT_PRIVATE = int.from_bytes(hashlib.sha512(b"a").digest() * 2)
SERVER_PRIVATE = int.from_bytes(hashlib.sha512(b"b").digest() * 2)
K = "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6"
VERIFIER_SHA256 = "ec952d368facaaf969b1385d0716a460568ea17d834d7e681747fcc2381aecde"
SERVER_PUBLIC_SHA256 = "d8c993ed952a444bc52897221394d85e1161fe94ce39633c20707b03938f30b0"
SESSION_KEY = "054b30ed662d288b5084af259b10bd34"
SIGNATURE = "e74dd19c2fb43f5085358d31d7c21a1e417e97a7682c8d05dbe7d046648970ac"


def _sha256(number: int) -> str:
    return hashlib.sha256(f"{number:x}".encode()).hexdigest()


def _arctangent(of_inverse: int, one: int) -> int:
    total = term = one // of_inverse
    divisor, sign = 3, -1
    while term:
        term //= of_inverse**2
        total += sign * (term // divisor)
        divisor, sign = divisor + 2, -sign
    return total


def test_the_prime_is_the_3072_bit_one_of_rfc_3526() -> None:
    """N is 2^3072 - 2^3008 - 1 + 2^64 * (floor(2^2942 pi) + 1690314), with pi computed here."""
    one = 1 << (2942 + 64)
    pi = 4 * (4 * _arctangent(5, one) - _arctangent(239, one)) >> 64
    assert 2**3072 - 2**3008 - 1 + 2**64 * (pi + 1690314) == srp.N


def test_a_number_is_written_as_java_writes_it() -> None:
    """A zero byte stands before a first bit that is set, and nowhere else."""
    written = [srp.pad(number).hex() for number in (0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000)]
    assert written == ["00", "01", "7f", "0080", "00ff", "0100", "7fff", "008000"]


def test_the_multiplier_is_that_of_other_implementations() -> None:
    """K is the hash of N and g, both padded."""
    assert f"{srp.K:x}" == K


def test_a_session_agrees_with_another_implementation() -> None:
    """Verifier, SRP_B, session key and signature are those of the vector."""
    verifier = srp.verifier("Pool123", "alice", "Pässword 1", SALT)
    assert _sha256(verifier) == VERIFIER_SHA256
    public = srp.server_public(verifier, SERVER_PRIVATE)
    assert _sha256(public) == SERVER_PUBLIC_SHA256
    key = srp.session_key(pow(2, CLIENT_PRIVATE, srp.N), public, verifier, SERVER_PRIVATE)
    assert key is not None
    assert key.hex() == SESSION_KEY
    signature = srp.claim_signature(key, "Pool123", "alice", b"secret block", "Mon Nov 23 08:36:46 UTC 2026")
    assert signature.hex() == SIGNATURE


def test_a_multiple_of_the_prime_gives_no_key() -> None:
    """SRP_A that is 0 modulo N would make the shared secret 0 whatever the password: there is no key then."""
    keys = [srp.session_key(times * srp.N, 5, 7, 11) for times in (0, 1, 2)]
    assert keys == [None, None, None]


@settings(max_examples=15, deadline=None)
@given(
    password=st.text(min_size=1),
    other=st.text(min_size=1),
    salt=st.integers(0, 2**128 - 1),
    private=st.integers(2**255, 2**256),
)
def test_both_halves_agree_exactly_if_the_passwords_do(password: str, other: str, salt: int, private: int) -> None:
    """The client's key is the server's for the same password, and is not for another one, whatever the text."""
    verifier = srp.verifier("Names", "alice", password, salt)
    public = srp.server_public(verifier, private)
    client = SrpClient(a=private + salt)
    server_key = srp.session_key(int(client.srp_a, 16), public, verifier, private)
    client_keys = [client.key("Names", "alice", text, f"{salt:x}", f"{public:x}") for text in (password, other)]
    assert [key == server_key for key in client_keys] == [True, password == other]
    ours = [
        srp.client_session_key(public, private + salt, pool_name="Names", user_id="alice", password=text, salt=salt)
        for text in (password, other)
    ]
    assert (srp.client_public(private + salt), ours) == (int(client.srp_a, 16), client_keys)


def test_a_client_refuses_a_multiple_of_the_prime() -> None:
    """SRP_B that is 0 modulo N would make the shared secret one that a false server knows."""
    keys = [
        srp.client_session_key(times * srp.N, 5, pool_name="Names", user_id="alice", password="secret", salt=7)
        for times in (0, 1, 2)
    ]
    assert keys == [None, None, None]
