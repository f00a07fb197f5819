#!/usr/bin/env python3
"""Run the template's application on this machine: ``livebus local``, from a clone."""

from package import hand_over

if __name__ == "__main__":
    hand_over("local")
