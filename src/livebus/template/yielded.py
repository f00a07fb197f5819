"""
How much a template's functions may yield, all together: counted in one place, before it is made.

A template of a thousand bytes can ask for gigabytes (``Fn::Base64`` in itself, a mapping joined a thousand times).
CloudFormation takes templates of 1 MB and documents no bound for what their functions make of it; ours is sixteen times
that.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from __future__ import annotations

from typing import Any

MAX_YIELDED = 16 * 1_048_576
# What an item of a list or a member of an object counts beside its text.
_ITEM = 8


class TooMuch(Exception):
    """The template's functions yield more than the bound."""


class Yielded:
    """
    The account of one template: characters of text, and eight for each item of a list or member of an object.

    Once it is overdrawn it stays so.
    """

    __slots__ = ("left",)

    def __init__(self, most: int = MAX_YIELDED) -> None:
        self.left = most

    def spend(self, characters: int) -> None:
        """Raises TooMuch where that is more than what is left."""
        self.left -= characters
        if self.left < 0:
            raise TooMuch

    def spend_for(self, value: Any) -> None:
        """Spend what a value comes to, written out: what is in it twice counts twice. Raises TooMuch."""
        stack = [value]
        while stack:
            each = stack.pop()
            if isinstance(each, str):
                self.spend(len(each))
            elif isinstance(each, dict):
                self.spend(_ITEM * len(each) + sum(map(len, each)))
                stack += each.values()
            elif isinstance(each, list):
                self.spend(_ITEM * len(each))
                stack += each
