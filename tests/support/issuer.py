"""
An OpenID Connect provider on this machine: discovery, keys, and tokens that it signs.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from livebus.runtime.cognito.tokens import SigningKeys


class Issuer:
    """An OpenID Connect provider: discovery, keys, tokens."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.keys = SigningKeys.generate()

    def document(self, path: str) -> Any:
        documents: dict[str, Any] = {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/keys": self.keys.jwks(),
        }
        return documents[path]

    def token(self, **claims: Any) -> str:
        now = int(time.time())
        return self.keys.sign({"iss": self.url, "sub": "carol", "aud": "app", "iat": now, "exp": now + 600, **claims})


@contextmanager
def issuing() -> Iterator[Issuer]:
    """A provider that answers for as long as this stands."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(provider.document(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider = Issuer(server)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield provider
        server.shutdown()
        thread.join()
