"""
Station: the intrinsic functions that make texts and lists of what they are given, and look at nothing else of the template.

In: a function's argument and its path. Out: its value; UNKNOWN where the argument holds something that is not known before a deploy.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any, Protocol

from livebus.template.values import UNKNOWN, are_texts, in_message, is_opaque, written
from livebus.template.yielded import Yielded

Path = tuple[str | int, ...]


class TellFault(Protocol):
    """Keeps what was found at a path, and what was expected; the value that stands for what could not be had."""

    def __call__(self, found: str, path: Path, expected: str = "") -> str: ...


class TextFunctions:
    """
    ``resolve`` evaluates what an argument holds; ``yielded`` is the account of what all functions make, and raises TooMuch beyond its
    bound. ``region`` is the stack's.
    """

    def __init__(self, resolve: Callable[[Any, Path], Any], fault: TellFault, yielded: Yielded, region: Any) -> None:
        self._resolve = resolve
        self._fault = fault
        self._yielded = yielded
        self._region = region

    def by_name(self) -> dict[str, Callable[[Any, Path], Any]]:
        """The functions by the names that templates call them by."""
        return {
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::Base64": self._base64,
            "Fn::GetAZs": self._get_azs,
            "Fn::Length": self._length,
            "Fn::ToJsonString": self._to_json_string,
        }

    def _join(self, argument: Any, path: Path) -> Any:
        value = self._resolve(argument, path)
        if not (isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and are_texts(value[1])):
            return self._fault(f"Fn::Join has {in_message(argument)}", path, "a string delimiter and a list of strings")
        if any(each is UNKNOWN for each in value[1]):
            return UNKNOWN
        texts = list(map(written, value[1]))
        self._yielded.spend(sum(map(len, texts)) + len(value[0]) * len(texts))
        return value[0].join(texts)

    def _split(self, argument: Any, path: Path) -> Any:
        value = self._resolve(argument, path)
        if not (are_texts(value) and len(value) == 2 and value[0]):
            return self._fault(f"Fn::Split has {in_message(argument)}", path, "a delimiter and a text")
        delimiter, text = map(written, value)
        if is_opaque(text):
            return [text]  # how many parts it has is known where it is deployed
        self._yielded.spend(len(text) + 8 * text.count(delimiter))
        return text.split(delimiter)

    def _select(self, argument: Any, path: Path) -> Any:
        value = self._resolve(argument, path)
        if isinstance(value, list) and len(value) == 2 and any(each is UNKNOWN for each in value):
            return UNKNOWN
        if not (isinstance(value, list) and len(value) == 2 and isinstance(value[1], list)):
            return self._fault(f"Fn::Select has {in_message(argument)}", path, "an index and a list")
        index = written(value[0])
        if re.fullmatch("[0-9]{1,9}", index) and int(index) < len(value[1]):
            return value[1][int(index)]
        if is_opaque(index) and value[1]:
            return index  # which of them it is, is known where it is deployed
        if value[1] and (value[1][-1] is UNKNOWN or is_opaque(value[1][-1])):
            return value[1][-1]
        return self._fault(f"Fn::Select cannot select nonexistent value at index {index}", path)

    def _base64(self, argument: Any, path: Path) -> Any:
        value = self._resolve(argument, path)
        if isinstance(value, list | dict):
            return self._fault(f"Fn::Base64 has {in_message(argument)}", path, "a text")
        encoded = written(value).encode()
        self._yielded.spend(len(encoded) * 4 // 3)
        return base64.b64encode(encoded).decode()

    def _get_azs(self, argument: Any, path: Path) -> Any:
        region = self._resolve(argument, path) or self._region
        return [f"{region}{letter}" for letter in "abc"]

    def _length(self, argument: Any, path: Path) -> Any:
        value = self._resolve(argument, path)
        if isinstance(value, list):
            return len(value)
        return self._fault(f"Fn::Length has {in_message(value)}", path, "a list")

    def _to_json_string(self, argument: Any, path: Path) -> Any:
        value = self._resolve(argument, path)
        self._yielded.spend_for(value)
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        self._yielded.spend(len(text))  # what is escaped grows
        return text
