"""
Data: an API's GraphQL schema as AppSync takes it.

In: the text of schema.graphql. Out: a :class:`Schema`: graphql-core's schema, which modes may see what, and which
mutation feeds which subscription; or :class:`livebus.errors.InvalidSchema` with everything that AppSync would refuse
when the schema is created.

::

    document     the parsed text, and what AppSync refuses in it; its places are lines of the user's file
    links        @aws_subscribe: which mutation feeds which subscription
    selection    the text that selects everything below a field
    schema       all of it put together: parse_schema, types_of, Schema, AuthDirective

https://docs.aws.amazon.com/appsync/latest/devguide/schema-components.html
"""

from livebus.schema.schema import AuthDirective, Schema, parse_schema, types_of

__all__ = ["AuthDirective", "Schema", "parse_schema", "types_of"]
