"""
``livebus redrive``.
"""
