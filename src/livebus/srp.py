"""
Secure Remote Password as Cognito computes it, both halves: numbers in, numbers out.

The group is the 3072-bit one of RFC 3526 with generator 2, the hash SHA-256, the session key 16 bytes of HKDF. A number
that is hashed is written as Java's ``BigInteger.toByteArray``: big-endian, with a zero byte where the first bit is set.

AWS does not document the arithmetic; it is what amplify-js and the mobile SDKs compute.
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html
https://www.rfc-editor.org/rfc/rfc5054
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

N: Final = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"
    "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB"
    "9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33"
    "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864"
    "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2"
    "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
G: Final = 2
INFO: Final = b"Caldera Derived Key"
SALT_BYTES: Final = 16
PRIVATE_BYTES: Final = 32  # RFC 5054 section 3.1: at least 256 bits


def pad(number: int) -> bytes:
    """Writes a number that is not negative big-endian, with a zero byte where the first bit would be set."""
    return number.to_bytes(number.bit_length() // 8 + 1)


def _hash(*numbers: int) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(map(pad, numbers))).digest())


K: Final = _hash(N, G)


def verifier(pool_name: str, user_id: str, password: str, salt: int) -> int:
    """
    Computes what a server keeps in the password's place.

    ``pool_name`` is the pool id's text after the underscore, ``user_id`` the USER_ID_FOR_SRP.
    """
    return pow(G, _password_hash(pool_name, user_id, password, salt), N)


def client_public(private: int) -> int:
    """Computes SRP_A from the client's one-time private number."""
    return pow(G, private, N)


def server_public(kept_verifier: int, private: int) -> int:
    """Computes SRP_B from the kept verifier and the server's one-time private number."""
    return (K * kept_verifier + pow(G, private, N)) % N


def session_key(client_public: int, server_public_value: int, kept_verifier: int, private: int) -> bytes | None:
    """
    Computes the 16 bytes that both sides share if the client knows the password.

    None where SRP_A is 0 modulo N: then S would be 0 whatever the password.
    """
    if client_public % N == 0:
        return None
    u = _hash(client_public, server_public_value)
    shared = pow(client_public * pow(kept_verifier, u, N), private, N)
    return _derived(u, shared)


def client_session_key(
    server_public_value: int, private: int, *, pool_name: str, user_id: str, password: str, salt: int
) -> bytes | None:
    """
    Computes the same 16 bytes from what the client knows: the password, and its one-time private number.

    None where SRP_B or u is 0, which RFC 5054 (2.5.3) tells a client to refuse: then S would not depend on the password.
    """
    u = _hash(client_public(private), server_public_value)
    if server_public_value % N == 0 or u == 0:
        return None
    x = _password_hash(pool_name, user_id, password, salt)
    shared = pow(server_public_value - K * pow(G, x, N), private + u * x, N)
    return _derived(u, shared)


def claim_signature(key: bytes, pool_name: str, user_id: str, secret_block: bytes, timestamp: str) -> bytes:
    """Computes the PASSWORD_CLAIM_SIGNATURE (raw, not base64) that proves the session key."""
    message = f"{pool_name}{user_id}".encode() + secret_block + timestamp.encode()
    return hmac.digest(key, message, "sha256")


def _password_hash(pool_name: str, user_id: str, password: str, salt: int) -> int:
    inner = hashlib.sha256(f"{pool_name}{user_id}:{password}".encode()).digest()
    return int.from_bytes(hashlib.sha256(pad(salt) + inner).digest())


def _derived(u: int, shared: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=16, salt=pad(u), info=INFO).derive(pad(shared))
