"""
Station: AppSync's mapping templates. Apache Velocity 1.7's language, with ``$util`` and ``#return``, bounded.

In: a template's text, once; then for each request ``$ctx`` and the request's time and ids. Out: what the template printed,
returned and brought about, or InvalidMappingTemplate where it does not parse. The map::

    MappingTemplate                template
      │ parser                     text, references and directives into a syntax tree
      │ └ expressions, source      what stands behind $ and between parentheses; places in the text
      │ directives                 carries the tree out
      │ ├ expression_values        references and operators; arithmetic, scopes
      │ ├ methods                  the Java methods that values have; patterns, java_pattern
      │ ├ functions/               $util and $extensions; dates
      │ └ budget, evaluation       what it may cost; what it leaves behind
      │ references                 what it names, for checks
      └ json_text                  its text as JSON
"""

from livebus.vtl.json_text import NotJson
from livebus.vtl.references import Mention
from livebus.vtl.template import Evaluated, MappingTemplate

__all__ = ["Evaluated", "MappingTemplate", "Mention", "NotJson"]
