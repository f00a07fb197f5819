"""
What AppSync gives templates: ``$util`` with its families, and ``$extensions``.

Each module fills the table of :mod:`~livebus.vtl.functions.registry` with the functions of one kind.
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-util-reference.html
"""

from livebus.vtl.functions import (  # noqa: F401 - they fill the table
    dynamodb,
    errors,
    general,
    headers,
    lists_and_maps,
    maths,
    rds,
    texts,
    times,
    transform,
    xml_text,
)
from livebus.vtl.functions.registry import argument_counts, functions, invoke, is_function, namespace

__all__ = ["argument_counts", "functions", "invoke", "is_function", "namespace"]
