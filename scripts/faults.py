#!/usr/bin/env python3
"""Let parts of the local runtime fail, to rehearse what they lead to: ``livebus faults``, from a clone."""

from package import hand_over

if __name__ == "__main__":
    hand_over("faults")
