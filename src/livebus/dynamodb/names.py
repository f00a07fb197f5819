"""
What AWS makes up for a table, made of its ARN: the same at every start, so that a template's GetAtt tells the truth.
"""

from __future__ import annotations

import hashlib

# On AWS the moment of the stream's making. Nothing reads streams here; they are told of.
STREAM_LABEL = "2020-01-01T00:00:00.000"


def table_id(arn: str) -> str:
    """A UUID that stands for the table."""
    digits = hashlib.sha256(arn.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], f"4{digits[13:16]}", f"8{digits[17:20]}", digits[20:32]))


def stream_arn(arn: str) -> str:
    return f"{arn}/stream/{STREAM_LABEL}"
