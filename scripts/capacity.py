#!/usr/bin/env python3
"""What a load costs on AWS, and which quotas it meets first: ``livebus capacity``, from a clone."""

from package import hand_over

if __name__ == "__main__":
    hand_over("capacity")
