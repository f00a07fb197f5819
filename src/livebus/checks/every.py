"""
All checks, in the order of the event's way.
"""

from __future__ import annotations

from livebus.checks import (
    alarms,
    api,
    buses,
    clients,
    directives,
    input_variables,
    inputs,
    mapping_templates,
    names,
    operation,
    permissions,
    queues,
    resolvers,
    roles,
    rules,
    sample_values,
    samples,
    schema,
    sizes,
    subscriptions,
    targets,
    template,
)
from livebus.checks.check import Check

EVERY_CHECK: tuple[Check, ...] = (
    *template.CHECKS,
    *names.CHECKS,
    *buses.CHECKS,
    *rules.CHECKS,
    *targets.CHECKS,
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
