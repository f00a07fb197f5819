"""
Requests to AWS without boto3: what one event from the shell and the bulk engine need, at a fraction of its start and cost.
"""
