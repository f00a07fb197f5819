"""
``livebus subscribe``.
"""
