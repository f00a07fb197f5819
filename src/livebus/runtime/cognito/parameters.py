"""
The parameters of requests: their forms, as the service model has them, and Cognito's words where one does not fit.

In: an action's request and the names that it cannot do without. Out: nothing, or SerializationException for a value of
the wrong JSON type, or InvalidParameterException that lists everything that does not fit.
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from livebus.runtime.cognito.errors import CognitoError, invalid_parameter


@dataclass(frozen=True, slots=True)
class Text:
    """
    A string. ``pattern`` is the model's, shown to the client; ``fits`` decides. A ``sensitive`` value is not quoted.
    """

    minimum: int = 0
    maximum: int | None = None
    pattern: str = ""
    fits: Callable[[str], object] | None = None
    values: tuple[str, ...] = ()
    sensitive: bool = False

    def faults(self, value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str) or not _is_unicode(value):
            raise _wrong_type(value, "a String")
        shown = "Value" if self.sensitive else f"Value '{value}'"
        if len(value) < self.minimum:
            yield f"{shown} {_at(path)} Member must have length greater than or equal to {self.minimum}"
        if self.maximum is not None and len(value) > self.maximum:
            yield f"{shown} {_at(path)} Member must have length less than or equal to {self.maximum}"
        if self.fits is not None and not self.fits(value):
            yield f"{shown} {_at(path)} Member must satisfy regular expression pattern: {self.pattern}"
        if self.values and value not in self.values:
            yield f"{shown} {_at(path)} Member must satisfy enum value set: [{', '.join(self.values)}]"


@dataclass(frozen=True, slots=True)
class Number:
    """An integer within bounds."""

    minimum: int
    maximum: int | None = None

    def faults(self, value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _wrong_type(value, "an Integer")
        if value < self.minimum:
            yield f"Value '{value}' {_at(path)} Member must have value greater than or equal to {self.minimum}"
        if self.maximum is not None and value > self.maximum:
            yield f"Value '{value}' {_at(path)} Member must have value less than or equal to {self.maximum}"


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean."""

    def faults(self, value: Any, _path: str) -> Iterator[str]:
        if not isinstance(value, bool):
            raise _wrong_type(value, "a Boolean")
        return iter(())


@dataclass(frozen=True, slots=True)
class TextMap:
    """A mapping of strings to strings."""

    def faults(self, value: Any, _path: str) -> Iterator[str]:
        if not isinstance(value, Mapping):
            raise _wrong_type(value, "a Map")
        for member in (*value, *value.values()):
            if not isinstance(member, str) or not _is_unicode(member):
                raise _wrong_type(member, "a String")
        return iter(())


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one form."""

    member: Text | Structure

    def faults(self, value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, list):
            raise _wrong_type(value, "a List")
        for place, member in enumerate(value, 1):
            yield from self.member.faults(member, f"{path}.{place}.member")


@dataclass(frozen=True, slots=True)
class Structure:
    """An object with members of known forms; others are ignored, as AWS does."""

    members: Mapping[str, Text]
    required: tuple[str, ...]

    def faults(self, value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, Mapping):
            raise _wrong_type(value, "a Structure")
        yield from _faults(value, self.required, self.members, f"{path}.")


_JSON_TYPES: Final = {
    "str": "STRING_VALUE",
    "int": "NUMBER_VALUE",
    "float": "NUMBER_VALUE",
    "list": "START_ARRAY",
    "NoneType": "NULL_VALUE",
}

Form = Text | Number | Flag | TextMap | ListOf | Structure


def check_parameters(request: Mapping[str, Any], required: tuple[str, ...]) -> None:
    """Raises where a required parameter is missing or null, or a known one does not have its form."""
    faults = list(_faults(request, required, FORMS, ""))
    if faults:
        noun = "error" if len(faults) == 1 else "errors"
        raise invalid_parameter(f"{len(faults)} validation {noun} detected: {'; '.join(faults)}")


def _faults(
    request: Mapping[str, Any], required: tuple[str, ...], forms: Mapping[str, Any], path: str
) -> Iterator[str]:
    for name, form in forms.items():
        value = request.get(name)
        at = f"{path}{name[0].lower()}{name[1:]}"
        if value is not None:
            yield from form.faults(value, at)
        elif name in required:
            yield f"Value null {_at(at)} Member must not be null"


def _at(path: str) -> str:
    return f"at '{path}' failed to satisfy constraint:"


def _wrong_type(value: Any, expected: str) -> CognitoError:
    # AWS does not document this message; the one of its other JSON 1.1 services names the JSON type like this.
    if isinstance(value, bool):
        found = "TRUE_VALUE" if value else "FALSE_VALUE"
    else:
        found = _JSON_TYPES.get(type(value).__name__, "START_OBJECT")
    return CognitoError("SerializationException", f"{found} can not be converted to {expected}")


def _is_unicode(text: str) -> bool:
    """Tells whether a text has no half of a surrogate pair, which no hash and no file could take."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _is_name(text: str) -> bool:
    return text != "" and all(unicodedata.category(letter)[0] in "LMSNP" for letter in text)


def _pattern(expression: str) -> Callable[[str], object]:
    return re.compile(expression, re.ASCII).fullmatch


_NAME_PATTERN: Final = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+"
_USERNAME: Final = Text(1, 128, _NAME_PATTERN, _is_name, sensitive=True)
_GROUP_NAME: Final = Text(1, 128, _NAME_PATTERN, _is_name)
# The model says [\S]+; the service answers with this one, which lets blanks stand inside (seen in its error messages).
_PASSWORD: Final = Text(0, 256, r"^[\S]+.*[\S]+$", _pattern(r"\S[^\n\r]*\S"), sensitive=True)
_TOKEN: Final = Text(0, None, r"[A-Za-z0-9-_=.]+", _pattern(r"[A-Za-z0-9\-_=.]+"), sensitive=True)
_CODE: Final = Text(1, 2048, r"[\S]+", _pattern(r"\S+"))
_ATTRIBUTE_NAME: Final = Text(1, 32)
_ATTRIBUTES: Final = ListOf(
    Structure({"Name": _ATTRIBUTE_NAME, "Value": Text(0, 2048, sensitive=True)}, required=("Name",))
)
_PAGE: Final = Text(1, None)

FORMS: Final[Mapping[str, Form]] = {
    "UserPoolId": Text(1, 55, r"[\w-]+_[0-9a-zA-Z]+", _pattern(r"[\w-]+_[0-9a-zA-Z]+")),
    "ClientId": Text(1, 128, r"[\w+]+", _pattern(r"[\w+]+"), sensitive=True),
    "ClientSecret": Text(1, 64, r"[\w+]+", _pattern(r"[\w+]+"), sensitive=True),
    "SecretHash": Text(1, 128, r"[\w+=/]+", _pattern(r"[\w+=/]+"), sensitive=True),
    "Username": _USERNAME,
    "GroupName": _GROUP_NAME,
    "Password": _PASSWORD,
    "TemporaryPassword": _PASSWORD,
    "PreviousPassword": _PASSWORD,
    "ProposedPassword": _PASSWORD,
    "ConfirmationCode": _CODE,
    "Code": _CODE,
    "AccessToken": _TOKEN,
    "RefreshToken": _TOKEN,
    "Token": _TOKEN,
    "Session": Text(20, 4096, sensitive=True),
    "AuthFlow": Text(
        values=(
            "USER_SRP_AUTH",
            "REFRESH_TOKEN_AUTH",
            "REFRESH_TOKEN",
            "CUSTOM_AUTH",
            "ADMIN_NO_SRP_AUTH",
            "USER_PASSWORD_AUTH",
            "ADMIN_USER_PASSWORD_AUTH",
            "USER_AUTH",
        )
    ),
    "AuthParameters": TextMap(),
    "ChallengeName": Text(
        values=(
            "SMS_MFA",
            "EMAIL_OTP",
            "SOFTWARE_TOKEN_MFA",
            "SELECT_MFA_TYPE",
            "MFA_SETUP",
            "PASSWORD_VERIFIER",
            "CUSTOM_CHALLENGE",
            "SELECT_CHALLENGE",
            "DEVICE_SRP_AUTH",
            "DEVICE_PASSWORD_VERIFIER",
            "ADMIN_NO_SRP_AUTH",
            "NEW_PASSWORD_REQUIRED",
            "SMS_OTP",
            "PASSWORD",
            "WEB_AUTHN",
            "PASSWORD_SRP",
        )
    ),
    "ChallengeResponses": TextMap(),
    "ClientMetadata": TextMap(),
    "UserAttributes": _ATTRIBUTES,
    "UserAttributeNames": ListOf(_ATTRIBUTE_NAME),
    "AttributesToGet": ListOf(_ATTRIBUTE_NAME),
    "AttributeName": _ATTRIBUTE_NAME,
    "MessageAction": Text(values=("RESEND", "SUPPRESS")),
    "Permanent": Flag(),
    "ForceAliasCreation": Flag(),
    "Description": Text(0, 2048),
    "RoleArn": Text(20, 2048),
    "Precedence": Number(0),
    "Limit": Number(0, 60),
    "MaxResults": Number(1, 60),
    "NextToken": _PAGE,
    "PaginationToken": _PAGE,
    "Filter": Text(0, 256),
}
