"""
Station: the HTTP request that EventBridge makes of an event for an API destination, and what the answer's status means.

In: the payload of a target's input, the destination with its connection, the parameters of the target. Out: a request ready
to be sent, or the failure that a status is. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
"""

from livebus.api_destination.outcome import failure_of, late, retry_after, unreached
from livebus.api_destination.pace import Pace
from livebus.api_destination.request import ApiRequest, api_request
from livebus.api_destination.token import Token, read_token, token_request

__all__ = [
    "ApiRequest",
    "Pace",
    "Token",
    "api_request",
    "failure_of",
    "late",
    "read_token",
    "retry_after",
    "token_request",
    "unreached",
]
