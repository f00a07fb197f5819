"""
An error in the shape that AWS's JSON protocols have: a type, a message, an HTTP status.
"""

from __future__ import annotations


class AwsError(Exception):
    """Answers an AWS call with an error; ``status`` is the HTTP status."""

    def __init__(self, error_type: str, message: str, status: int = 400) -> None:
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type
        self.message = message
        self.status = status
