"""
Station: template.yaml, the schema and the resolver files → an Application.

``document`` reads YAML or JSON and keeps lines; ``parameters``, ``dependencies`` and ``resources`` evaluate it (with
``livebus.intrinsics``), ``attributes`` gives resources their names and ARNs; ``events``, ``appsync`` and ``cognito`` read
the resources on the event's way; ``loading`` puts it all together. ``application`` is the data that comes out.
"""

from livebus.template.environment import Environment
from livebus.template.loading import load_application

__all__ = ["Environment", "load_application"]
