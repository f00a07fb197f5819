"""
Station: what a rule's target gets of an event: Input, InputPath, InputTransformer, or the event as it is.

In: a :class:`Target`, once; then events. Out: the JSON object that becomes the GraphQL operation's variables.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html

::

    compiler            a target → a Transformer, or the faults for which PutTargets refuses it
    target_input        Transformer: an event → variables, or NotTransformable
    input_template      an InputTemplate's two kinds, JSON and quoted text, with their placeholders
    template_reader     reads a JSON template once, into functions that build its value
    json_path           InputPath and InputPathsMap: ``$.detail.items[0].id``
"""

from livebus.transformer.compiler import PREDEFINED, compile_transformer
from livebus.transformer.input_template import Placeholder
from livebus.transformer.target_input import NotTransformable, TooLarge, Transformer

__all__ = ["PREDEFINED", "NotTransformable", "Placeholder", "TooLarge", "Transformer", "compile_transformer"]
