"""
Checks of a rule's target: operation, input transformer, variables, and how they fit together.
"""
