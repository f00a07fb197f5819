"""
AppSync in the runtime: GraphQL over HTTP, real-time sessions, logs.
"""
