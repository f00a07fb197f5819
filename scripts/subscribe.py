#!/usr/bin/env python3
"""Sign in, subscribe, and print each message: ``livebus subscribe``, from a clone."""

from package import hand_over

if __name__ == "__main__":
    hand_over("subscribe")
