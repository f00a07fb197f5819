"""
Which engine sends a publication.

In: a session, what the user wants, and whether it is for a few events only. Out: a :class:`Route`: an engine, and how to ask
whether a bus is there. What the bulk engine speaks is static or renewed credentials, one endpoint, TLS; whatever else is
configured (a proxy, FIPS and dual-stack endpoints) needs boto3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from livebus.aws.direct.reach import NeedsBoto3, Reach
from livebus.aws.publish.publishing import Engine
from livebus.aws.session import Session
from livebus.errors import LivebusError
from livebus.publish.concurrency import MOST

AUTO, BOTO3, BULK = ENGINES = ("auto", "boto3", "bulk")


class Route(NamedTuple):
    """
    ``bus_exists`` gives None where the answer is not for us to know; it raises Unreachable where nothing can succeed.

    ``close`` ends the connections that are kept.
    """

    name: str
    engine: Engine
    bus_exists: Callable[[str], bool | None]
    most_concurrency: int
    close: Callable[[], object]


def route(session: Session, choice: str, *, few: bool) -> Route:
    """
    The engine for a publication; ``few`` prefers what starts fast. Raises Unreachable.

    Raises LivebusError where the bulk engine is asked for and does not speak what is configured.
    """
    if choice != BOTO3:
        try:
            return _direct(session.reach("events", "publish"), few=few)
        except NeedsBoto3 as error:
            if choice == BULK:
                raise LivebusError(f"the bulk engine does not speak {error}", advice="--engine boto3 does.") from None
    return _with_boto3(session)


def _direct(reach: Reach, *, few: bool) -> Route:
    from livebus.aws.direct.http_connection import HttpConnection
    from livebus.aws.direct.service_client import bus_exists

    connection = HttpConnection(reach.address, reach.ca_file)

    def exists(bus: str) -> bool | None:
        return bus_exists(reach, bus, connection)

    if few:
        from livebus.aws.publish.blocking_engine import BlockingEngine

        return Route(BULK, BlockingEngine(reach, connection), exists, 1, connection.close)
    from livebus.aws.publish.bulk_engine import BulkEngine

    return Route(BULK, BulkEngine(reach), exists, MOST, connection.close)


def _with_boto3(session: Session) -> Route:
    from livebus.aws.publish.boto3_engine import MOST_THREADS, Boto3Engine, bus_exists

    client = session.client("events", max_pool_connections=MOST_THREADS, parameter_validation=False)
    return Route(BOTO3, Boto3Engine(client), lambda bus: bus_exists(client, bus), MOST_THREADS, client.close)
