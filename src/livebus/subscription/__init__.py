"""
Who receives which part of a mutation's result: links, argument filters, enhanced filters, projection, the size limit.

In: subscriptions as they start and end, and what mutations publish. Out: for each publication, payloads as bytes and
the subscriptions that each of them goes to. A payload is computed once per selection, however many subscribe.
https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html
"""

from __future__ import annotations

from livebus.subscription.filter import Filter, InvalidFilter, compile_filter
from livebus.subscription.projection import Projection
from livebus.subscription.registry import (
    Batch,
    Deliveries,
    Dropped,
    Subscription,
    Subscriptions,
    SubscriptionSettings,
)

__all__ = [
    "Batch",
    "Deliveries",
    "Dropped",
    "Filter",
    "InvalidFilter",
    "Projection",
    "Subscription",
    "SubscriptionSettings",
    "Subscriptions",
    "compile_filter",
]
