"""
Failures on purpose: which, how often, and switching them while the runtime runs.
"""
