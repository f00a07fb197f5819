"""
``livebus publish``.
"""
