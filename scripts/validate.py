#!/usr/bin/env python3
"""Prove before a deploy that the template's parts fit together and the sample events arrive: ``livebus validate``, from a clone."""

from package import hand_over

if __name__ == "__main__":
    hand_over("validate")
