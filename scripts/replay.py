#!/usr/bin/env python3
"""Send events of a bus's archive again: ``livebus replay``, from a clone."""

from package import hand_over

if __name__ == "__main__":
    hand_over("replay")
