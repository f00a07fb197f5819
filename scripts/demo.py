#!/usr/bin/env python3
"""See one event on its whole way: ``livebus demo``, from a clone."""

from package import hand_over

if __name__ == "__main__":
    hand_over("demo")
