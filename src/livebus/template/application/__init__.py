"""
Data: an application, as read from its template. What the stations are made from.

Every resource on the event's way has a class here, with the members that matter on that way under AWS's own names
(snake-cased), its logical id, and the place in the template where it stands.
"""

from __future__ import annotations

from livebus.template.application.api import (
    AuthProvider,
    DataSource,
    GraphQLApi,
    HttpEndpoint,
    MappingTemplates,
    PipelineFunction,
    ResolverConfig,
    Signing,
    SourceTable,
    Table,
    TemplateText,
)
from livebus.template.application.application import Application
from livebus.template.application.bus import Archive, Destination, EventBus, Queue, RetryPolicy, Role, Rule, Target
from livebus.template.application.functions import AsynchronousInvocation, Function, FunctionCode, Layer
from livebus.template.application.users import (
    IdentityPool,
    IdentityProvider,
    RoleMapping,
    RoleRule,
    UserPool,
    UserPoolClient,
)

__all__ = [
    "Application",
    "Archive",
    "AsynchronousInvocation",
    "AuthProvider",
    "DataSource",
    "Destination",
    "EventBus",
    "Function",
    "FunctionCode",
    "GraphQLApi",
    "HttpEndpoint",
    "IdentityPool",
    "IdentityProvider",
    "Layer",
    "MappingTemplates",
    "PipelineFunction",
    "Queue",
    "ResolverConfig",
    "RetryPolicy",
    "Role",
    "RoleMapping",
    "RoleRule",
    "Rule",
    "Signing",
    "SourceTable",
    "Table",
    "Target",
    "TemplateText",
    "UserPool",
    "UserPoolClient",
]
