"""
S3 in the runtime: the buckets that deployments put their artefacts into.
"""
