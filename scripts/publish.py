#!/usr/bin/env python3
"""Publish the events of files, folders and streams to an event bus: ``livebus publish``, from a clone."""

from package import hand_over

if __name__ == "__main__":
    hand_over("publish")
