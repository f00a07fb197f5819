"""Writes a line for each order that was placed: what a receipt would be made from. EventBridge invokes it beside the API."""

import json


def handler(event, context):
    order = event["detail"]
    print(json.dumps({"receipt": order["orderId"], "customer": order["customerId"], "total": order["total"]}))
