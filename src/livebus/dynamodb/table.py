"""
Data: a table with its keys and indexes, and what an item has to have to be in it.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from livebus.dynamodb import key_bytes
from livebus.dynamodb.attribute_values import Item, Value, binary_size, text_bytes
from livebus.dynamodb.errors import invalid, invalid_values

_LONGEST_PARTITION_KEY = 2048
_LONGEST_SORT_KEY = 1024
ALL, KEYS_ONLY, INCLUDE = "ALL", "KEYS_ONLY", "INCLUDE"


@dataclass(frozen=True, slots=True)
class Key:
    """A key attribute; ``type`` is S, N or B."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a table or an index."""

    partition: Key
    sort: Key | None = None

    @property
    def all(self) -> tuple[Key, ...]:
        return (self.partition, self.sort) if self.sort else (self.partition,)


@dataclass(frozen=True, slots=True)
class Index:
    """``number`` names its columns in the store; ``projection`` is ALL, KEYS_ONLY or INCLUDE (with ``attributes``)."""

    name: str
    number: int
    keys: Keys
    is_global: bool
    projection: str = ALL
    attributes: tuple[str, ...] = ()
    throughput: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Table:
    """
    ``number`` names it in the store. ``created`` in epoch seconds. ``stream_view`` is empty without a stream.

    ``ttl_attribute`` is empty where nothing expires. ``settings`` are members of a description that change nothing here.
    """

    name: str
    number: int
    arn: str
    created: float
    keys: Keys
    indexes: tuple[Index, ...] = ()
    is_on_demand: bool = True
    throughput: tuple[int, int] = (0, 0)
    stream_view: str = ""
    ttl_attribute: str = ""
    is_protected: bool = False
    table_class: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def index(self, name: str) -> Index | None:
        return next((index for index in self.indexes if index.name == name), None)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Raises KeyError, TypeError or ValueError where it is not what ``to_json`` gives."""
        indexes = tuple(
            Index(
                **{
                    **each,
                    "keys": _keys(each["keys"]),
                    "attributes": tuple(each["attributes"]),
                    "throughput": tuple(each["throughput"]),
                }
            )
            for each in content["indexes"]
        )
        throughput = tuple(content["throughput"])
        return cls(**{**content, "keys": _keys(content["keys"]), "indexes": indexes, "throughput": throughput})


def _keys(content: Mapping[str, Any]) -> Keys:
    sort = content["sort"]
    return Keys(Key(**content["partition"]), Key(**sort) if sort else None)


Place = tuple[bytes, bytes]


def place(keys: Keys, item: Mapping[str, Value]) -> Place:
    """Where an item with these keys stands: bytes of its partition, bytes that sort it there."""
    sort = key_bytes.ordered(item[keys.sort.name]) if keys.sort else b""
    return key_bytes.partition(item[keys.partition.name]), sort


def check_key(keys: Keys, given: Item) -> None:
    """A Key member has to have the key attributes and nothing else. Raises DynamoDBError."""
    if len(given) != len(keys.all) or any(key.name not in given or key.type not in given[key.name] for key in keys.all):
        raise invalid("The provided key element does not match the schema")
    _check_contents(keys, given)


def check_item(table: Table, item: Item) -> None:
    """An item has to have the table's keys; keys of indexes it need not have, but of the right type."""
    for key in table.keys.all:
        if key.name not in item:
            raise invalid_values(f"Missing the key {key.name} in the item")
        if key.type not in item[key.name]:
            actual = next(iter(item[key.name]))
            raise invalid_values(f"Type mismatch for key {key.name} expected: {key.type} actual: {actual}")
    _check_contents(table.keys, item)
    for index in table.indexes:
        for key in index.keys.all:
            if key.name in item:
                _check_index_key(index, key, item[key.name])


def _check_contents(keys: Keys, item: Item) -> None:
    for key in keys.all:
        kind, size = _empty_of(key, item[key.name])
        if not size:
            raise invalid(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an"
                f" empty {kind} value. Key: {key.name}"
            )
        if key is keys.partition and size > _LONGEST_PARTITION_KEY:
            raise invalid_values(
                f"Size of hashkey has exceeded the maximum size limit of{_LONGEST_PARTITION_KEY} bytes"
            )
        if key is not keys.partition and size > _LONGEST_SORT_KEY:
            raise invalid_values(
                f"Aggregated size of all range keys has exceeded the size limit of {_LONGEST_SORT_KEY} bytes"
            )


def _check_index_key(index: Index, key: Key, value: Value) -> None:
    if key.type not in value:
        actual = next(iter(value))
        raise invalid_values(
            f"Type mismatch for Index Key {key.name} Expected: {key.type} Actual: {actual} IndexName: {index.name}"
        )
    kind, size = _empty_of(key, value)
    if not size:
        raise invalid(
            "One or more parameter values are not valid. A value specified for a secondary index key is not supported."
            f" The AttributeValue for a key attribute cannot contain an empty {kind} value."
            f" IndexName: {index.name}, IndexKey: {key.name}"
        )
    longest = _LONGEST_PARTITION_KEY if key is index.keys.partition else _LONGEST_SORT_KEY
    if size > longest:
        raise invalid_values(f"Size of the key {key.name} of index {index.name} has exceeded {longest} bytes")


def _empty_of(key: Key, value: Value) -> tuple[str, int]:
    """What an empty value of a key is called, and how many bytes it has."""
    if key.type == "N":
        return "number", 1
    content = value[key.type]
    return ("string", text_bytes(content)) if key.type == "S" else ("binary", binary_size(content))


def index_places(table: Table, item: Mapping[str, Value]) -> list[tuple[bytes | None, bytes | None]]:
    """Where an item stands in each of the table's indexes; None where it is not in one."""
    return [
        place(index.keys, item) if all(key.name in item for key in index.keys.all) else (None, None)
        for index in table.indexes
    ]


def projected_names(table: Table, index: Index) -> frozenset[str] | None:
    """The attributes that an index has; None where it has all."""
    if index.projection == ALL:
        return None
    keys = (*table.keys.all, *index.keys.all)
    return frozenset([*(key.name for key in keys), *(index.attributes if index.projection == INCLUDE else ())])


def expiry(table: Table, item: Mapping[str, Value]) -> int | None:
    """The second in which an item's time is over; None where it has none, or no number."""
    text = item.get(table.ttl_attribute, {}).get("N") if table.ttl_attribute else None
    if text is None or len(text) > 18:
        return None
    return int(text.partition(".")[0] or 0)
