"""
Files that cdk synth leaves beside a template, found by the place in S3 where cdk deploy puts them.

In: the template's folder (cdk.out), a location or an object's key. Out: the file's or folder's path. What tells of them
is each stack's ``*.assets.json``; where that is missing, the names that CDK gives to files.
https://docs.aws.amazon.com/cdk/v2/guide/assets.html
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from livebus.files import content, is_file

_MAX_MANIFEST = 8 * 1024 * 1024
_MOST_MANIFESTS = 200
# cdk synth calls the folder of a stage so.
_MANIFESTS = ("*.assets.json", "assembly-*/*.assets.json", "assembly-*/assembly-*/*.assets.json")


def asset_of(folder: Path, location: str) -> str:
    """
    The path of an asset, relative to the template's folder; empty where no manifest knows it and no file has its name. The
    manifests of stages in the folder are looked into as well.

    ``location`` is ``s3://bucket/key``, an URL, or a key alone: keys are digests, and the same in every bucket.
    """
    key = location.rpartition("/")[2]
    found = [path for pattern in _MANIFESTS for path in sorted(folder.glob(pattern))]
    for manifest in found[:_MOST_MANIFESTS]:
        try:
            for digest, asset in json.loads(content(manifest, most=_MAX_MANIFEST))["files"].items():
                keys = {to.get("objectKey") for to in asset.get("destinations", {}).values()}
                if key in keys or key.startswith(f"{digest}."):
                    path = os.path.join(os.path.relpath(manifest.parent, folder), str(asset["source"]["path"]))  # noqa: PTH118
                    return os.path.normpath(path)
        except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
            continue  # a manifest of another kind is none of ours
    beside = f"asset.{key}"
    return beside if key and is_file(folder / beside) else ""


def is_in_s3(name: str) -> bool:
    """Whether a template's name of a file is a place in S3, or an URL: none of this machine."""
    return name.startswith(("s3://", "https://", "http://"))
