"""
What is found while the checks are being run, and not by one of them: files of events, events, suppressions.

These have ids like all others, so that they can be looked up and shown alike; whoever runs the checks makes the findings.
"""

from __future__ import annotations

from collections.abc import Iterator

from livebus.checks.check import Check
from livebus.checks.every import EVERY_CHECK
from livebus.checks.inspection import Inspection
from livebus.checks.running import BROKEN_CHECK
from livebus.errors import Fault


def found_elsewhere(inspection: Inspection) -> Iterator[Fault]:
    """Find nothing: for checks whose findings others make."""
    return iter(())


EVENTS_READABLE = Check(
    "E9201",
    "Files of sample events can be read",
    "What is no JSON, or no event, cannot be published, and proves nothing of the rules.",
    "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html",
    found_elsewhere,
)
EVENT_ARRIVES = Check(
    "E9202",
    "Each sample event arrives, and those that must not arrive do not",
    "EventBridge tells nobody of an event that matches no rule, or whose mutation answers with an error.",
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-appsync.html",
    found_elsewhere,
)
SUPPRESSION_GIVES_REASON = Check(
    "E9203",
    "What is ignored in the template's Metadata names a check and a reason",
    "Without a reason nobody can tell later whether it still holds. What is named wrongly is not ignored.",
    "docs/validating.md",
    found_elsewhere,
)

AWS_AGREES = Check(
    "E9204",
    "AWS's own answers are ours (with --remote)",
    "Where EventBridge or AppSync says otherwise, what Livebus says of this template is not to be relied on.",
    "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html",
    found_elsewhere,
)
CFN_LINT_RUNS = Check(
    "E9205",
    "cfn-lint runs to its end",
    "What breaks cfn-lint keeps its rules from finding anything: `cfn-lint` by itself tells more, --fast leaves it out.",
    "https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/getting_started/rules.md",
    found_elsewhere,
)
TYPES_HOLD = Check(
    "W9206",
    "Resolver code passes TypeScript's check (with --check-types)",
    'AppSync checks types when code is saved: "The code contains one or more errors", and the deployment rolls back.',
    "https://docs.aws.amazon.com/appsync/latest/devguide/resolver-reference-overview-js.html",
    found_elsewhere,
)

ASSEMBLY_READABLE = Check(
    "E9207",
    "The cloud assembly of an application of AWS CDK can be read as a whole",
    "What its manifests do not tell of is neither deployed nor proved: a stage that was deleted, a template that lies elsewhere.",
    "https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-synth-app",
    found_elsewhere,
)
ASSEMBLY_IS_SMALL = Check(
    "W9207",
    "The cloud assembly is within the bounds of what Livebus reads",
    "What lies beyond is deployed, and nothing is said of it; an event that no rule matches is called unproven.",
    "docs/validating.md",
    found_elsewhere,
)

# What --list shows and --explain explains; EVERY_CHECK is what runs.
LISTED: tuple[Check, ...] = (
    *EVERY_CHECK,
    BROKEN_CHECK,
    EVENTS_READABLE,
    EVENT_ARRIVES,
    SUPPRESSION_GIVES_REASON,
    AWS_AGREES,
    CFN_LINT_RUNS,
    TYPES_HOLD,
    ASSEMBLY_READABLE,
    ASSEMBLY_IS_SMALL,
)
IDS: tuple[str, ...] = tuple(dict.fromkeys(check.id for check in LISTED))
