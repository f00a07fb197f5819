"""
What to do next, by the code of an AWS error. Without botocore, which takes longer to import than an event to publish.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from livebus.errors import Unreachable
from livebus.publish.answer import HOPELESS, NO_ANSWER, NOT_PUT_EVENTS, NOT_SENT

LOGIN = "Sign in again: `aws sso login`, or renew the credentials of your profile."
CREDENTIALS = "Run `aws configure` or pass --profile; --local needs none."
REGION = "Pass --region, or set AWS_REGION or region in samconfig.toml."
PROFILE = "`aws configure list-profiles` shows what there is."
UNREACHABLE = "See that the region and the endpoint are right, and that the network and a proxy let it through."
_CLOCK = "See that the secret key and this machine's clock are right."
_ALLOW = "The policy of this role or user has to allow it."

BY_CODE = {
    "ExpiredToken": LOGIN,
    "ExpiredTokenException": LOGIN,
    "RequestExpired": "See that this machine's clock is right.",
    "UnrecognizedClientException": CREDENTIALS,
    "InvalidClientTokenId": CREDENTIALS,
    "MissingAuthenticationToken": CREDENTIALS,
    "MissingAuthenticationTokenException": CREDENTIALS,
    "InvalidSignatureException": _CLOCK,
    "SignatureDoesNotMatch": _CLOCK,
    "IncompleteSignature": CREDENTIALS,
    "IncompleteSignatureException": CREDENTIALS,
    "AccessDenied": _ALLOW,
    "AccessDeniedException": _ALLOW,
}
# Where no service has answered, the code is ours and says nothing to people.
_OURS = {
    NO_ANSWER: UNREACHABLE,
    NOT_PUT_EVENTS: "See that the endpoint is EventBridge's.",
    NOT_SENT: "",
}


def refused(code: str, message: str, doing: str) -> Unreachable:
    """The one clear line for an error that a service answered with; ``doing`` is the attempt, such as "publish"."""
    if code in _OURS:
        return Unreachable(f"cannot {doing}: {message}", advice=_OURS[code])
    if code == "ValidationError" and "does not exist" in message:
        advice = "Deploy it with `sam deploy`, name another one with --stack-name, or use --local."
    else:
        advice = BY_CODE.get(code, "")
    return Unreachable(f"cannot {doing}: {code}: {message}", advice=advice)


_UNKNOWN_BUS = "ResourceNotFoundException"


_DENIED = ("AccessDenied", "AccessDeniedException")


def told_of_bus(error_code: str, error_message: str) -> bool | None:
    """
    What an error of DescribeEventBus tells: False where there is no such bus, None where it is not for us to know.

    Raises Unreachable where no other request can succeed either.
    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeEventBus.html
    """
    if error_code == _UNKNOWN_BUS:
        return False
    # Who may not look at a bus may still be allowed to put events to it.
    if error_code in HOPELESS and error_code not in _DENIED:
        raise refused(error_code, error_message, "publish")
    return None
