"""
Makes a line of what a stack is deployed from: the template's text, files by their locations, values for parameters.

In: a Deployment and what is around it. Out: the line with the resources it was made from, or what keeps it from being
made, resource by resource. Nothing is put to work here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from livebus.compilation import compile_parts
from livebus.flow import Line
from livebus.runtime.cloudformation.failures import Failures, exists_already, failures
from livebus.runtime.cloudformation.stack import Deployment
from livebus.subscription import Subscriptions, SubscriptionSettings
from livebus.template import Environment
from livebus.template.document import read_document
from livebus.template.language_extensions import extended
from livebus.template.loading import read_application
from livebus.template.resolvers import ReadFile
from livebus.template.resources import Resources
from livebus.template.serverless import expanded


@dataclass(frozen=True, slots=True)
class Loaded:
    """``line`` is whole where there are no ``failures``. ``deployment`` has the texts of the files that were read."""

    line: Line
    resources: Resources
    failures: Failures
    deployment: Deployment


def read_resources(deployment: Deployment, name: str, environment: Environment) -> Resources:
    """
    The resources of a template, without the files that it names. Raises InvalidTemplate where nothing can be read.

    What is wrong with the template as a whole is in ``template_faults``.
    """
    document = read_document(deployment.template, template_file(name))
    document = expanded(extended(document, environment, deployment.parameters))
    return Resources(document, environment, deployment.parameters)


def load(
    deployment: Deployment,
    environment: Environment,
    read_file: ReadFile,
    *,
    taken: Mapping[tuple[str, str], str],
    subscriptions: Mapping[str, Subscriptions],
    settings: SubscriptionSettings,
    new_id: Callable[[], str],
) -> Loaded:
    """
    Read and compile everything.

    ``taken`` are the names of other stacks' resources, by type and Ref. Raises InvalidTemplate where nothing of the
    template can be read at all.
    """
    files: dict[str, str] = {}

    def read(name: str) -> str:
        files[name] = deployment.files[name] if name in deployment.files else read_file(name)
        return files[name]

    document = read_document(deployment.template, template_file(environment.stack_name))
    reading = read_application(document, read, environment, deployment.parameters)
    compilation = compile_parts(reading.application, subscriptions=subscriptions, settings=settings)
    found = failures(reading, compilation, new_id)
    doubles = {
        resource.logical_id: exists_already(resource, identifier, new_id)
        for resource in reading.resources.all()
        if (resource.type, identifier := reading.resources.ref(resource)) in taken
    }
    return Loaded(
        compilation.line,
        reading.resources,
        Failures({**doubles, **found.of}, found.stack),
        replace(deployment, files=files),
    )


def template_file(stack_name: str) -> str:
    """What a deployed template is called in messages: it is no file of the user's."""
    return f"template of {stack_name}"
