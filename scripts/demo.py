#!/usr/bin/env python3
"""See one event on its whole way: ``livebus demo``, from a clone."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))  # not there by itself with python -I
from package import hand_over

if __name__ == "__main__":
    hand_over("demo")
