#!/usr/bin/env python3
"""Print the Outputs of a stack, or write them for an app with Amplify: ``livebus outputs``, from a clone."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))  # not there by itself with python -I
from package import hand_over

if __name__ == "__main__":
    hand_over("outputs")
