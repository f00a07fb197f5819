"""
AWS's figures: prices and quotas, each with the page that it is from, when that was read, and how sure it is.

Data only. ``known`` is one of: "verified", read on the page (or a stored copy of it) at the date of ``read``; "documented",
known to stand on the page, and not read again; "unsure", where pages differ or say nothing, and what is taken is said. Where
AWS gives a range, the end that is worse for the user is taken. Prices are USD in us-east-1; quotas are the defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Known = Literal["verified", "documented", "unsure"]

EVENTBRIDGE_PRICING = "https://aws.amazon.com/eventbridge/pricing/"
EVENTBRIDGE_QUOTAS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"
APPSYNC_PRICING = "https://aws.amazon.com/appsync/pricing/"
DYNAMODB_PRICING = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
LAMBDA_PRICING = "https://aws.amazon.com/lambda/pricing/"
DYNAMODB_QUOTAS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"
LAMBDA_QUOTAS = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
APPSYNC_QUOTAS = "https://docs.aws.amazon.com/general/latest/gr/appsync.html"

_READ = "2026-11-23"
_READ_AGAIN = "2026-11-26"


@dataclass(frozen=True, slots=True)
class Figure:
    """
    ``value`` in ``unit``; ``by_region`` where regions differ, for all others ``value`` holds.

    ``tiers`` are a price's steps: so much at the price before, then the next price for what is beyond.
    """

    name: str
    value: float
    unit: str
    source: str
    known: Known
    read: str = ""
    note: str = ""
    by_region: Mapping[str, float] = field(default_factory=dict)
    tiers: tuple[tuple[float, float], ...] = ()

    def in_region(self, region: str) -> float:
        return self.by_region.get(region, self.value)


MILLION = 1_000_000.0

# ---- Prices ----

EVENTS = Figure("events", 1.00, "million of 64 KB", EVENTBRIDGE_PRICING, "verified", _READ)
MUTATIONS = Figure("mutations", 4.00, "million", APPSYNC_PRICING, "verified", _READ_AGAIN)
MESSAGES = Figure(
    "messages to subscribers",
    2.00,
    "million of 5 KB",
    APPSYNC_PRICING,
    "verified",
    _READ_AGAIN,
    "the price is verified, the step of 5 KB is documented",
)
WEBSOCKET_OPERATIONS = Figure(
    "connects and subscribes",
    2.00,
    "million",
    APPSYNC_PRICING,
    "verified",
    _READ_AGAIN,
    "operations on WebSockets count as real-time updates; that subscribing is one beside connecting is taken from there",
)
CONNECTION_MINUTES = Figure("minutes of connections", 0.08, "million", APPSYNC_PRICING, "verified", _READ_AGAIN)
DATA_OUT = Figure(
    "data out to subscribers",
    0.09,
    "GB",
    "https://aws.amazon.com/ec2/pricing/on-demand/",
    "documented",
    note="the first 10 TB a month; 0.085 for the next 40, 0.07 for 100 more, 0.05 beyond; without WebSocket frames and TLS",
    tiers=((10 * 1024, 0.085), (40 * 1024, 0.07), (100 * 1024, 0.05)),
)
ARCHIVE_WRITE = Figure("archive: written", 0.10, "GB", EVENTBRIDGE_PRICING, "verified", _READ)
ARCHIVE_STORAGE = Figure("archive: kept", 0.023, "GB and month", EVENTBRIDGE_PRICING, "verified", _READ)
TRACES = Figure(
    "X-Ray traces",
    5.00,
    "million",
    "https://aws.amazon.com/xray/pricing/",
    "documented",
    note="of the requests that X-Ray's default rule samples: one a second, and 5 % of the others",
)
LOGS = Figure(
    "AppSync's log",
    0.50,
    "GB",
    "https://aws.amazon.com/cloudwatch/pricing/",
    "documented",
    note="how much AppSync writes for a request is not documented: log-kb, once you have measured it",
)
ALARMS = Figure("alarms", 0.10, "alarm and month", "https://aws.amazon.com/cloudwatch/pricing/", "documented")

QUERIES = Figure("queries of pages", 4.00, "million", APPSYNC_PRICING, "verified", _READ_AGAIN)
TABLE_WRITES = Figure(
    "table: items written",
    0.625,
    "million of 1 KB",
    DYNAMODB_PRICING,
    "documented",
    note="on demand, since November 2024; each index that holds the item is a write more, a transaction counts twice",
)
TABLE_READS = Figure(
    "table: items read",
    0.125,
    "million of 4 KB",
    DYNAMODB_PRICING,
    "documented",
    note="on demand, since November 2024; a read that need not be the newest counts half, a page is read as a whole",
)
TABLE_STORAGE = Figure(
    "table: kept",
    0.25,
    "GB and month",
    DYNAMODB_PRICING,
    "documented",
    note="without the 100 bytes of each item's index",
)
INVOKED = Figure("functions: invocations", 0.20, "million", LAMBDA_PRICING, "documented")
FUNCTION_TIME = Figure(
    "functions: time", 0.0000166667, "GB-second", LAMBDA_PRICING, "documented", note="x86; starts are time as well"
)

PRICES = (
    EVENTS,
    MUTATIONS,
    MESSAGES,
    WEBSOCKET_OPERATIONS,
    CONNECTION_MINUTES,
    DATA_OUT,
    ARCHIVE_WRITE,
    ARCHIVE_STORAGE,
    TRACES,
    LOGS,
    ALARMS,
    QUERIES,
    TABLE_WRITES,
    TABLE_READS,
    TABLE_STORAGE,
    INVOKED,
    FUNCTION_TIME,
)

# Of resources of template.yaml that a load does not decide about; docs/template.md tells of them.
OTHER_PRICES = (
    Figure("dead-letter queue", 0.40, "million requests", "https://aws.amazon.com/sqs/pricing/", "documented"),
    Figure(
        "users who sign in",
        0.015,
        "user and month",
        "https://aws.amazon.com/cognito/pricing/",
        "documented",
        note="beyond the first 10,000 of a month, in the tier that new pools have",
    ),
    Figure("replays", 1.00, "million events", EVENTBRIDGE_PRICING, "verified", _READ),
    Figure("AppSync's log: kept", 0.03, "GB and month", "https://aws.amazon.com/cloudwatch/pricing/", "documented"),
    Figure(
        "metrics of one's own", 0.30, "metric and month", "https://aws.amazon.com/cloudwatch/pricing/", "documented"
    ),
    Figure("web application firewall", 5.00, "month", "https://aws.amazon.com/waf/pricing/", "documented"),
    Figure("the same: requests", 0.60, "million", "https://aws.amazon.com/waf/pricing/", "documented"),
)

# ---- What prices are counted in ----

EVENT_STEP_BYTES = 64 * 1024
MESSAGE_STEP_BYTES = 5 * 1024
WRITE_STEP_BYTES = 1024
READ_STEP_BYTES = 4 * 1024
TRACES_PER_SECOND = 1.0
TRACED_SHARE = 0.05

# ---- Quotas ----

PUT_EVENTS = Figure(
    "PutEvents requests",
    400,
    "a second and account",
    EVENTBRIDGE_QUOTAS,
    "documented",
    note="10,000 and 2,400 are verified; most other regions have 600, a few 400",
    by_region={
        **dict.fromkeys(("us-east-1", "us-west-2", "eu-west-1"), 10_000),
        **dict.fromkeys(("us-east-2", "eu-central-1"), 2_400),
        **dict.fromkeys(("us-west-1", "eu-west-2", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1"), 1_200),
    },
)
INVOCATIONS = Figure(
    "invocations of targets",
    1_100,
    "a second and account",
    EVENTBRIDGE_QUOTAS,
    "verified",
    _READ_AGAIN,
    by_region={
        **dict.fromkeys(("us-east-1", "us-west-2", "eu-west-1"), 18_750),
        **dict.fromkeys(("us-east-2", "eu-central-1"), 4_500),
        **dict.fromkeys(("us-west-1", "eu-west-2", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1"), 2_250),
        **dict.fromkeys(("af-south-1", "ap-northeast-3", "ap-southeast-3", "eu-south-1"), 750),
    },
)
REQUEST_SIZE = Figure(
    "size of a PutEvents request",
    1_000_000 / 1024,
    "KB",
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html",
    "verified",
    _READ,
    'AWS says "1 MB"; whether that is 1,000,000 or 1,048,576 bytes it does not, and the smaller is taken',
)
RULES = Figure(
    "rules",
    300,
    "on a bus",
    EVENTBRIDGE_QUOTAS,
    "verified",
    _READ_AGAIN,
    by_region=dict.fromkeys(("af-south-1", "eu-south-1"), 100),
)
TARGETS = Figure("targets", 5, "of a rule", EVENTBRIDGE_QUOTAS, "verified", _READ)
REQUEST_TOKENS = Figure(
    "AppSync's request tokens",
    5_000,
    "a second and account",
    APPSYNC_QUOTAS,
    "unsure",
    note="5,000 to 10,000 by region, 2,000 in older lists; a small mutation takes one token",
)
CONNECTS = Figure("new connections", 2_000, "a second and API", APPSYNC_QUOTAS, "documented")
SUBSCRIBES = Figure(
    "new subscriptions", 2_000, "a second and API", APPSYNC_QUOTAS, "unsure", note="2,000 to 10,000 by source"
)
OUTBOUND = Figure(
    "messages to subscribers",
    1_000_000 / 60,
    "a second and API",
    APPSYNC_QUOTAS,
    "unsure",
    note="1,000,000 a minute; where it is given as 1,000,000 a second, the quota is 60 times as high",
)
SUBSCRIPTIONS = Figure(
    "subscriptions of a connection",
    100,
    "at once",
    APPSYNC_QUOTAS,
    "verified",
    _READ,
    "from the error that AppSync answers with; 200 is said elsewhere",
)
MESSAGE_SIZE = Figure("size of a message", 240, "KB", APPSYNC_QUOTAS, "verified", _READ)
TABLE_WRITE_UNITS = Figure("writes to a table", 40_000, "a second and table", DYNAMODB_QUOTAS, "documented")
KEY_WRITE_UNITS = Figure(
    "writes to one key",
    1_000,
    "a second",
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html",
    "documented",
    note="of one partition; here the busiest second's, spread over keys",
)
TABLE_READ_UNITS = Figure("reads of a table", 40_000, "a second and table", DYNAMODB_QUOTAS, "documented")
FUNCTIONS_AT_ONCE = Figure(
    "functions at once",
    1_000,
    "at a time and account",
    LAMBDA_QUOTAS,
    "documented",
    note="new accounts may begin with less",
)

QUOTAS = (
    PUT_EVENTS,
    INVOCATIONS,
    REQUEST_SIZE,
    RULES,
    TARGETS,
    REQUEST_TOKENS,
    CONNECTS,
    SUBSCRIBES,
    OUTBOUND,
    SUBSCRIPTIONS,
    MESSAGE_SIZE,
    TABLE_WRITE_UNITS,
    KEY_WRITE_UNITS,
    TABLE_READ_UNITS,
    FUNCTIONS_AT_ONCE,
)
