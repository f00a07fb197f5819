"""
The Java methods that values of templates have. Each module fills the table of one kind of value.

https://docs.oracle.com/en/java/javase/17/docs/api/java.base/
"""

from livebus.vtl.methods import lists, maps, scalars, texts  # noqa: F401 - they fill the table
from livebus.vtl.methods.registry import KINDS, JavaError, NoSuchMethod, call

__all__ = ["KINDS", "JavaError", "NoSuchMethod", "call"]
