"""
What is known of a deployed stack without asking AWS: samconfig.toml, addresses of APIs.
"""
