#!/usr/bin/env python3
"""Look at dead letters, and send their events on their way again: ``livebus redrive``, from a clone."""

from package import hand_over

if __name__ == "__main__":
    hand_over("redrive")
