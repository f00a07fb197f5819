"""
What a load costs on AWS, and which quotas it meets first.

In: a load as ``name=value`` words, a region. Out: the cost of each item, by month and by million events, and the quotas in
the order of how near the load is to each. All of AWS's figures, with the page that each is from, are in ``figures``.
https://aws.amazon.com/eventbridge/pricing/ https://aws.amazon.com/appsync/pricing/
"""

from livebus.capacity.cost import Cost, costs
from livebus.capacity.load import INPUTS, Load, read_load
from livebus.capacity.quotas import Usage, usages
from livebus.capacity.report import as_json, figure_lines, lines

__all__ = ["INPUTS", "Cost", "Load", "Usage", "as_json", "costs", "figure_lines", "lines", "read_load", "usages"]
