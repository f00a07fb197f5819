"""
Station: a field's resolver. Unit and pipeline resolvers, in APPSYNC_JS or in mapping templates.

In: a ResolverConfig, then ``ctx`` for each field that is resolved. Out: a Resolution, or InvalidResolver at compile time
with everything that AppSync would refuse. Code runs in a sandboxed engine, templates in :mod:`livebus.vtl`. The map::

    compile_resolver
      │ code           one code file: its imports, exports and size, made into a function that the engine loads
      │ ├ syntax       the syntax tree, with names resolved
      │ ├ rules        what AppSync's runtime forbids, one entry each
      │ └ modules      what may be imported, what util has
      ▼
    pipeline           a compiled resolver: starts a run, answers the engine's questions, reads what came back
      │ engine         the sandbox: limits, threads, JSON across
      │ │ state.js  time.js  utilities.js  dynamodb.js  driver.js  seal.js      one script, in this order
      │ mapping        a resolver in templates: their order, versions, what they bring about
      │ └ documents    what a request template may ask of a data source
      │ data_sources   NONE and AMAZON_EVENTBRIDGE
      └ zones          time zones, for util.time

    not_emulated       stands in for what AppSync takes and cannot run here
"""

from livebus.resolver.not_emulated import NotEmulatedResolver
from livebus.resolver.pipeline import compile_resolver

__all__ = ["NotEmulatedResolver", "compile_resolver"]
