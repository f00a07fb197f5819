"""
Checks of roles, policies and permissions, the dead-letter queue's among them.
"""
