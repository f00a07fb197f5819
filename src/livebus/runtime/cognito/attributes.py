"""
User attributes: which ones there are, who may write them, what a new address means for its being verified.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from livebus.runtime.cognito.context import Context
from livebus.runtime.cognito.directory import EMAIL, PHONE_NUMBER
from livebus.runtime.cognito.errors import CognitoError, invalid_parameter, not_authorized
from livebus.runtime.cognito.users import User
from livebus.template.application import UserPool

STANDARD: Final = frozenset(
    {
        "address",
        "birthdate",
        "email",
        "email_verified",
        "family_name",
        "gender",
        "given_name",
        "locale",
        "middle_name",
        "name",
        "nickname",
        "phone_number",
        "phone_number_verified",
        "picture",
        "preferred_username",
        "profile",
        "sub",
        "updated_at",
        "website",
        "zoneinfo",
    }
)
VERIFIED_FLAGS: Final = frozenset({"email_verified", "phone_number_verified"})
_FORMATS: Final = {
    EMAIL: (re.compile(r"[^@\s]+@[^@\s]+"), "Invalid email address format."),
    PHONE_NUMBER: (re.compile(r"\+[0-9]{1,15}"), "Invalid phone number format."),
}


def listed(attributes: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """The API's list of Name and Value as a mapping; a missing value is the empty text."""
    return {each["Name"]: each.get("Value", "") for each in attributes or ()}


def check_attributes(attributes: Mapping[str, str], *, by_client: bool) -> None:
    """
    Raises where an attribute is none, may not be written, or has a value of the wrong form.

    ``by_client`` is a user's own call: it may not say that an address is verified. Custom attributes are all let
    through: the pool's Schema does not reach us.
    """
    unknown = [name for name in attributes if name not in STANDARD and not name.startswith("custom:")]
    if unknown:
        problems = "".join(f"{name}: Attribute does not exist in the schema.\n" for name in unknown)
        raise invalid_parameter(f"Attributes did not conform to the schema: {problems}")
    if by_client and (VERIFIED_FLAGS | {"sub"}) & attributes.keys():
        raise not_authorized("A client attempted to write unauthorized attribute")
    if "sub" in attributes:
        raise invalid_parameter("Cannot modify the non-mutable attribute sub")
    for name, (form, message) in _FORMATS.items():
        if attributes.get(name) and not form.fullmatch(attributes[name]):
            raise invalid_parameter(message)


def write_attributes(
    context: Context, pool: UserPool, user: User, attributes: Mapping[str, str], *, by_client: bool
) -> list[str]:
    """
    Sets a user's attributes; an empty value removes one. Returns the addresses that are new and not verified.

    A new address is not verified, unless the same call says so. Does not save.
    """
    check_attributes(attributes, by_client=by_client)
    changed = [name for name in _FORMATS if attributes.get(name) and attributes[name] != user.attributes.get(name)]
    for name in changed:
        other = context.directory.find_by_alias(pool, attributes[name]) if name in pool.username_attributes else None
        if other is not None and other is not user:
            raise CognitoError("AliasExistsException", f"An account with the {name} already exists.")
    for name, value in attributes.items():
        if value:
            user.attributes[name] = value
        else:
            remove_attribute(user, name)
    unverified = [name for name in changed if f"{name}_verified" not in attributes]
    for name in unverified:
        user.attributes[f"{name}_verified"] = "false"
    if attributes:
        user.modified = context.clock()
    return unverified


def remove_attribute(user: User, name: str) -> None:
    """Takes an attribute away, and whether it was verified with it."""
    user.attributes.pop(name, None)
    user.attributes.pop(f"{name}_verified", None)
