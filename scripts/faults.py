"""Let parts of the local runtime fail, to rehearse what they lead to: ``livebus faults``, from a clone."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # not there by itself with python -I
from package import hand_over

if __name__ == "__main__":
    hand_over("faults")
