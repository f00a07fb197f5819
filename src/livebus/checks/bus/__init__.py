"""
Checks of event buses, rules and their event patterns.
"""
