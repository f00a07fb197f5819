"""
``livebus validate``.
"""
