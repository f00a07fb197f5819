"""
Station: who may do what: let in or refuse, with the reason.

::

    policy            IAM's policy language: do these statements allow it
    roles             may EventBridge run the mutation with the target's role
    functions         may EventBridge invoke the function of a rule's target
    queues            may EventBridge send to the dead-letter queue
    destinations      may EventBridge send to a target of any other kind
    tokens            a JWT of a Cognito user pool or an OpenID Connect issuer
    signature         a request signed with AWS Signature Version 4
    authentication    the headers of a request → a Caller
    fields            a Caller and the schema's directives → may it use this field

https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
"""

from livebus.access.authentication import Authenticator, Unauthenticated
from livebus.access.destinations import destination_admits
from livebus.access.fields import FieldAccess
from livebus.access.functions import function_admits
from livebus.access.policy import EVENTBRIDGE, Decision, Principal, evaluate
from livebus.access.queues import queue_admits
from livebus.access.roles import role_may_invoke
from livebus.access.signature import SignatureRefused, SignedRequest
from livebus.access.tokens import TokenRefused, TokenVerifier, issuer_of

__all__ = [
    "EVENTBRIDGE",
    "Authenticator",
    "Decision",
    "FieldAccess",
    "Principal",
    "SignatureRefused",
    "SignedRequest",
    "TokenRefused",
    "TokenVerifier",
    "Unauthenticated",
    "destination_admits",
    "evaluate",
    "function_admits",
    "issuer_of",
    "queue_admits",
    "role_may_invoke",
]
