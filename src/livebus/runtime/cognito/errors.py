"""
The one exception that an action answers with: what Cognito would put into ``__type`` and ``message``.

https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from livebus.runtime.aws_errors import AwsError


class CognitoError(AwsError):
    """
    An action's refusal. ``error_type`` is Cognito's exception name, ``message`` its wording, ``status`` the HTTP status.

    It is an answer to a client and no fault of ours or of the template, so it is no LivebusError.
    """


def invalid_parameter(message: str) -> CognitoError:
    """Makes the refusal for a parameter that is missing, malformed, or not possible now."""
    return CognitoError("InvalidParameterException", message)


def not_authorized(message: str = "Incorrect username or password.") -> CognitoError:
    """Makes the refusal of a sign-in or of a token. The default says nothing about which half was wrong."""
    return CognitoError("NotAuthorizedException", message)


def user_not_found(message: str = "User does not exist.") -> CognitoError:
    """Makes the refusal for a name that no user of the pool bears."""
    return CognitoError("UserNotFoundException", message)
