"""
Station: template.yaml, the schema and the resolver files → an Application.

::

    yaml_nodes          YAML within bounds: depth, size, aliases
    document            the text as values in long form, with the line of each
    serverless          AWS::Serverless::GraphQLApi, as the resources that SAM makes of it
    quotas              how many of each CloudFormation takes
    sections            what a template and its resources have to have, and may have
    parameters          values for this run, and their constraints
    dependencies        what refers to what, and circles
    environment         where the template is deployed to: names, ids and ARNs that AWS would make up
    attributes          what resources answer to Ref and GetAtt
    intrinsics          the functions; values, yielded: what they take and yield, and how much all together
    resources           all of it evaluated: resources by type
    properties          reads a resource's members by type, or tells the fault with its place
    members             misspelt members
    policies, roles     statements, roles, queues
    resolvers, appsync  GraphQL APIs
    cognito             user pools
    events              buses, rules and targets
    tables              DynamoDB tables, with simple_tables for SAM's
    loading             puts it all together
    application         the data that comes out
"""

from livebus.template.environment import Environment
from livebus.template.loading import load_application

__all__ = ["Environment", "load_application"]
