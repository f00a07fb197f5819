"""
Checks of the GraphQL API: schema, directives, resolvers, subscriptions, and who calls it.
"""
