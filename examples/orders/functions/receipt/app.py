"""Writes a line for each order that was placed: what a receipt would be made from. EventBridge invokes it beside the API."""

import json
from typing import Any


def handler(event: dict[str, Any], _context: Any) -> None:
    order = event["detail"]
    print(json.dumps({"receipt": order["orderId"], "customer": order["customerId"], "total": order["total"]}))
