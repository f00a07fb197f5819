"""
AWS CloudFormation as far as the SAM CLI and boto3 need it to deploy an application here.

``actions`` answers calls; ``change_sets`` compares what is asked for with what there is; ``deployment`` makes a line of a
template and its files, resource by resource, and goes back where one fails; ``stack_files`` keeps stacks across restarts.
``failures`` says it as AWS does.
"""
