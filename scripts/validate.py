#!/usr/bin/env python3
"""Prove before a deploy that the template's parts fit together and the sample events arrive: ``livebus validate``, from a clone."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))  # not there by itself with python -I
from package import hand_over

if __name__ == "__main__":
    hand_over("validate")
