"""
The client's half of SRP, written a second time: what the package computes is compared with it.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping


class SrpClient:
    """The client's half of SRP in hexadecimal text, as a browser computes it; ``a`` is its private number."""

    N = (
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
        "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
        "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
        "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
        "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
        "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
        "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
        "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
    )

    def __init__(self, a: int = 2**1023 + 12345) -> None:
        self.prime = int(self.N, 16)
        self.a = a
        self.srp_a = f"{pow(2, a, self.prime):x}"

    @staticmethod
    def padded(text: str) -> str:
        text = text if len(text) % 2 == 0 else "0" + text
        return text if text[0] in "01234567" else "00" + text

    @staticmethod
    def digest(text: str) -> str:
        return hashlib.sha256(bytes.fromhex(text)).hexdigest()

    def key(self, pool_name: str, user_id: str, password: str, salt: str, srp_b: str) -> bytes:
        k = self.digest(self.padded(self.N.lower()) + self.padded("2"))
        inner = hashlib.sha256(f"{pool_name}{user_id}:{password}".encode()).hexdigest()
        x = int(self.digest(self.padded(salt) + inner), 16)
        u_text = self.digest(self.padded(self.srp_a) + self.padded(srp_b))
        base = (int(srp_b, 16) - int(k, 16) * pow(2, x, self.prime)) % self.prime
        shared = pow(base, self.a + int(u_text, 16) * x, self.prime)
        extracted = hmac.digest(
            bytes.fromhex(self.padded(f"{int(u_text, 16):x}")), bytes.fromhex(self.padded(f"{shared:x}")), "sha256"
        )
        return hmac.digest(extracted, b"Caldera Derived Key\x01", "sha256")[:16]

    def responses(
        self,
        challenge: Mapping[str, str],
        password: str,
        pool_name: str = "Names",
        timestamp: str = "Mon Nov 23 08:36:46 UTC 2026",
    ) -> dict[str, str]:
        """The ChallengeResponses to a PASSWORD_VERIFIER."""
        user_id = challenge["USER_ID_FOR_SRP"]
        key = self.key(pool_name, user_id, password, challenge["SALT"], challenge["SRP_B"])
        block = b64decode(challenge["SECRET_BLOCK"])
        message = pool_name.encode() + user_id.encode() + block + timestamp.encode()
        return {
            "USERNAME": challenge["USERNAME"],
            "PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": b64encode(hmac.digest(key, message, "sha256")).decode(),
            "TIMESTAMP": timestamp,
        }
