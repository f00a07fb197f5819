"""What the API's function does, by the word that it is given."""

import time


class OwnError(Exception):
    """A class of the function's own."""


def batched(count, event):
    n = event["source"]["n"]
    return {"errorMessage": "four", "errorType": "Odd"} if n == 4 else {"data": f"{count}:{n}"}


def authorized(token):
    if token == "raise":
        raise ValueError("no good")
    if token == "nonsense":
        return {"isAuthorized": "yes"}
    return {
        "isAuthorized": token == "friend",
        "resolverContext": {"team": "a"},
        "deniedFields": ["Query.items"],
        "ttlOverride": 0,
    }


def handler(event, context):
    if "authorizationToken" in event:
        return authorized(event["authorizationToken"])
    if isinstance(event, list):
        return [batched(len(event), each) if isinstance(each, dict) else {"n": each} for each in event]
    what = event.get("what") or event.get("arguments", {}).get("what")
    if what == "raise":
        raise ValueError("no good")
    if what == "own":
        raise OwnError("my own")
    if what == "slow":
        time.sleep(5)
    if what == "event":
        return event
    return {"by": "echo", "what": what}
