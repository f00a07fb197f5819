"""
AppSync's DynamoDB data source: a resolver's request as calls of DynamoDB, and their answers as ``ctx.result``.

::

    errors      what becomes ctx.error
    members     the members that a request may have, read by type
    values      typed values in, plain values out
    pages       nextToken
    single      GetItem, PutItem, UpdateItem, DeleteItem
    reading     Query, Scan
    several     batches and transactions
    performing  the seam: ``perform``

https://docs.aws.amazon.com/appsync/latest/devguide/js-resolver-reference-dynamodb.html
"""

from livebus.dynamodb.appsync.errors import DataSourceError
from livebus.dynamodb.appsync.performing import perform

__all__ = ["DataSourceError", "perform"]
