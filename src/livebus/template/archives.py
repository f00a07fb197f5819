"""
Archives of event buses, as an Application has them.

Properties follow AWS::Events::Archive.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-archive.html
"""

from __future__ import annotations

from collections.abc import Iterable

from livebus.template.application import Archive, EventBus
from livebus.template.event_patterns import written_pattern
from livebus.template.events import pattern_text
from livebus.template.resources import Resources

_LONGEST_RETENTION = 1_000_000  # days; AWS names no limit


def read_archives(resources: Resources, buses: Iterable[EventBus]) -> tuple[Archive, ...]:
    """The archives of buses that are here; a warning for one of another stack's, which keeps nothing."""
    known = {bus.arn: bus for bus in buses}
    archives = []
    for resource in resources.of_type("AWS::Events::Archive"):
        properties = resource.properties
        resource.required("SourceArn")
        retention = properties.number("RetentionDays", 0, 0, _LONGEST_RETENTION)
        bus = known.get(properties.text("SourceArn"))
        if bus is None:
            if "SourceArn" in properties:
                text = f"{resource} is of a bus that is not there, and keeps nothing here"
                resources.warn(properties.place("SourceArn"), text)
            continue
        archives.append(
            Archive(
                name=resources.ref(resource),
                arn=resources.attribute(resource, "Arn"),
                bus=bus.name,
                bus_arn=bus.arn,
                event_pattern=pattern_text(properties),
                retention_days=retention,
                description=properties.text("Description"),
                logical_id=resource.logical_id,
                place=resource.place(),
                written_pattern=written_pattern(resource),
            )
        )
    return tuple(archives)
