"""
All checks, in the order of the event's way.
"""

from __future__ import annotations

from livebus.checks import alarms, functions
from livebus.checks.api import (
    api,
    clients,
    directives,
    mapping_templates,
    resolvers,
    schema,
    subscriptions,
    table_requests,
)
from livebus.checks.bus import buses, rules
from livebus.checks.check import Check
from livebus.checks.events import samples, sizes
from livebus.checks.iam import data_source_permissions, queues, target_permissions, trust_policies
from livebus.checks.target import destinations, input_variables, inputs, operation, sample_values, targets
from livebus.checks.template import names, template

EVERY_CHECK: tuple[Check, ...] = (
    *template.CHECKS,
    *names.CHECKS,
    *buses.CHECKS,
    *rules.CHECKS,
    *targets.CHECKS,
    *destinations.CHECKS,
    *inputs.CHECKS,
    *input_variables.CHECKS,
    *trust_policies.CHECKS,
    *target_permissions.CHECKS,
    *data_source_permissions.CHECKS,
    *operation.CHECKS,
    *api.CHECKS,
    *clients.CHECKS,
    *schema.CHECKS,
    *directives.CHECKS,
    *resolvers.CHECKS,
    *mapping_templates.CHECKS,
    *table_requests.CHECKS,
    *subscriptions.CHECKS,
    *queues.CHECKS,
    *alarms.CHECKS,
    *functions.CHECKS,
    *sample_values.CHECKS,
    *samples.CHECKS,
    *sizes.CHECKS,
)
