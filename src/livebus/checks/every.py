"""
All checks, in the order of the event's way.
"""

from __future__ import annotations

from livebus.checks import alarms
from livebus.checks.api import (
    api,
    clients,
    data_source_roles,
    directives,
    mapping_templates,
    resolvers,
    schema,
    subscriptions,
)
from livebus.checks.bus import buses, rules
from livebus.checks.check import Check
from livebus.checks.events import samples, sizes
from livebus.checks.iam import permissions, queues, roles
from livebus.checks.target import destinations, input_variables, inputs, operation, sample_values, targets
from livebus.checks.template import names, template

EVERY_CHECK: tuple[Check, ...] = (
    *template.CHECKS,
    *names.CHECKS,
    *buses.CHECKS,
    *rules.CHECKS,
    *targets.CHECKS,
    *destinations.CHECKS,
    *data_source_roles.CHECKS,
    *inputs.CHECKS,
    *input_variables.CHECKS,
    *roles.CHECKS,
    *permissions.CHECKS,
    *operation.CHECKS,
    *api.CHECKS,
    *clients.CHECKS,
    *schema.CHECKS,
    *directives.CHECKS,
    *resolvers.CHECKS,
    *mapping_templates.CHECKS,
    *subscriptions.CHECKS,
    *queues.CHECKS,
    *alarms.CHECKS,
    *sample_values.CHECKS,
    *samples.CHECKS,
    *sizes.CHECKS,
)
