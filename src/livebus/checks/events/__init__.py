"""
Checks of the sample events: each on its way, and its size.
"""
