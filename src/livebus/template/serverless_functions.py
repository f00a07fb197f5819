"""
Expands AWS::Serverless::Function and LayerVersion into the plain resources that the SAM transform makes of them.

In: a template in long form, with its Globals. Out: the same with AWS::Lambda::Function, its role, its configuration for
asynchronous invocations, and a rule with permission (and dead-letter queue) for each event of type EventBridgeRule or
CloudWatchEvent, under the logical ids that SAM gives them. Events of other types are named in a warning: nothing here
invokes the function by them. Of the role only the trust is made: nothing here evaluates what functions may do.
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from livebus.errors import Fault
from livebus.template.document import Document, Path
from livebus.template.properties import shown
from livebus.template.serverless_expansion import Expansion, Sheet, expand

TYPE = "AWS::Serverless::Function"
LAYER = "AWS::Serverless::LayerVersion"
_TYPES = (TYPE, LAYER)
# Those that AWS::Lambda::Function has under the same names.
_AS_IT_IS = (
    *("Architectures", "CodeSigningConfigArn", "Description", "DurableConfig", "Environment", "EphemeralStorage"),
    *("FileSystemConfigs", "FunctionName", "Handler", "ImageConfig", "KmsKeyArn", "Layers", "LoggingConfig"),
    *("MemorySize", "PackageType", "RecursiveLoop", "ReservedConcurrentExecutions", "Runtime"),
    *("RuntimeManagementConfig", "SnapStart", "Timeout", "VpcConfig"),
)
_RULE_EVENTS = ("EventBridgeRule", "CloudWatchEvent")
# What SAM makes beside functions for events of an API without a resource of its own: nothing here serves it, but Outputs
# refer to it.
_IMPLICIT = {
    "Api": {"ServerlessRestApi": "AWS::ApiGateway::RestApi", "ServerlessRestApiProdStage": "AWS::ApiGateway::Stage"},
    "HttpApi": {
        "ServerlessHttpApi": "AWS::ApiGatewayV2::Api",
        "ServerlessHttpApiApiGatewayDefaultStage": "AWS::ApiGatewayV2::Stage",
    },
}
_IMPLICIT_OWNER = {"Api": "RestApiId", "HttpApi": "ApiId"}


def functions_expanded(document: Document) -> Document:
    """A template without serverless functions and layers; the template itself where it has none."""
    return expand(document, _TYPES, _made)


def _made(sheet: Sheet, logical_id: str, body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    one = _FunctionOrLayer(sheet, logical_id, body)
    yield from one.layer() if body["Type"] == LAYER else one.function()
    known = sheet.document.body["Resources"]
    yield from ((name, {"Type": kind, "Properties": {}}) for name, kind in one.implicit.items() if name not in known)


class _FunctionOrLayer(Expansion):
    """One function or layer. ``implicit`` are the types of what SAM makes beside functions, by logical ids."""

    def __init__(self, sheet: Sheet, logical_id: str, body: Mapping[str, Any]) -> None:
        super().__init__(sheet, logical_id, body)
        self.implicit: dict[str, str] = {}
        ignored = self._attributes.pop("IgnoreGlobals", ())
        self._given = self._with_globals(self._given, body["Type"].rsplit("::", 1)[-1], ignored)
        self._arn = {"Fn::GetAtt": [logical_id, "Arn"]}

    # --- Globals ----------------------------------------------------------------------------------------------------

    def _with_globals(self, own: Mapping[str, Any], section: str, ignored: Any) -> Mapping[str, Any]:
        """The properties with what Globals say: maps are merged, lists put together, everything else is the own one."""
        everything = self._document.body.get("Globals")
        given = everything.get(section) if isinstance(everything, dict) else None
        if not isinstance(given, dict) or ignored == "*":
            return own
        left_out = ignored if isinstance(ignored, list) else ()
        common = {name: value for name, value in given.items() if name not in left_out}
        merged = _merged(common, own)
        assert isinstance(merged, dict)
        for name in common:
            if name not in own:
                self._places.move(("Globals", section, name), (*self._root, name))
        return merged

    # --- functions --------------------------------------------------------------------------------------------------

    def function(self) -> Iterator[tuple[str, Any]]:
        given = self._given
        properties: dict[str, Any] = {name: given[name] for name in _AS_IT_IS if name in given}
        properties |= self._code("CodeUri", "Code")
        if "ImageUri" in given:
            properties["Code"] = {"ImageUri": given["ImageUri"]}
            properties.setdefault("PackageType", "Image")
        elif properties.get("PackageType") == "Image":
            # Its Metadata say how `sam build` makes it, and under which name.
            properties["Code"] = {"ImageUri": f"{self._id.lower()}:latest"}
        if "InlineCode" in given:
            properties["Code"] = {"ZipFile": given["InlineCode"]}
            self._places.move((*self._root, "InlineCode"), (*self._root, "Code", "ZipFile"))
        if not {"CodeUri", "ImageUri", "InlineCode"} & set(given) and properties.get("PackageType") != "Image":
            # SAM refuses it only where it is deployed: `sam build` takes the template's own folder.
            properties["Code"] = "."
        queue = given.get("DeadLetterQueue")
        if isinstance(queue, dict) and "TargetArn" in queue:
            properties["DeadLetterConfig"] = {"TargetArn": queue["TargetArn"]}
        if "Role" in given:
            properties["Role"] = given["Role"]
        else:
            yield self._role()
            properties["Role"] = {"Fn::GetAtt": [f"{self._id}Role", "Arn"]}
        yield self._id, {"Type": "AWS::Lambda::Function", **self._attributes, "Properties": properties}
        yield from self._alias()
        yield from self._asynchronous()
        events = given.get("Events")
        for name, event in (events if isinstance(events, dict) else {}).items():
            yield from self._event(name, event)

    def _code(self, source: str, target: str) -> dict[str, Any]:
        """``Code`` of a function, ``Content`` of a layer: a path or an s3:// URI as it stands, an object renamed."""
        value = self._given.get(source)
        if value is None:
            return {}
        self._places.move((*self._root, source), (*self._root, target))
        names = {"Bucket": "S3Bucket", "Key": "S3Key", "Version": "S3ObjectVersion"}
        if isinstance(value, dict) and "Bucket" in value:
            return {target: {names.get(name, name): each for name, each in value.items()}}
        return {target: value}

    def _role(self) -> tuple[str, Any]:
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com"]},
            "Action": ["sts:AssumeRole"],
        }
        document = {"Version": "2012-10-17", "Statement": [trust]}
        return self._beside("Role", "AWS::IAM::Role", {"AssumeRolePolicyDocument": document})

    def _alias(self) -> Iterator[tuple[str, Any]]:
        alias = self._given.get("AutoPublishAlias")
        if isinstance(alias, str):
            properties = {"FunctionName": {"Ref": self._id}, "Name": alias}
            yield self._beside(f"Alias{alias}", "AWS::Lambda::Alias", properties)

    def _asynchronous(self) -> Iterator[tuple[str, Any]]:
        config = self._given.get("EventInvokeConfig")
        if not isinstance(config, dict):
            return
        properties: dict[str, Any] = {"FunctionName": {"Ref": self._id}, "Qualifier": "$LATEST"}
        properties |= {
            name: config[name] for name in ("MaximumEventAgeInSeconds", "MaximumRetryAttempts") if name in config
        }
        destinations: dict[str, Any] = {}
        given = config.get("DestinationConfig")
        for name, destination in (given if isinstance(given, dict) else {}).items():
            if not isinstance(destination, dict):
                continue
            target = destination.get("Destination")
            if target is None and destination.get("Type") == "SQS":
                queue = f"EventInvokeConfig{name}Queue"
                yield self._beside(queue, "AWS::SQS::Queue", {})
                target = {"Fn::GetAtt": [f"{self._id}{queue}", "Arn"]}
            if target is not None:
                destinations[name] = {"Destination": target}
        if destinations:
            properties["DestinationConfig"] = destinations
        yield self._beside("EventInvokeConfig", "AWS::Lambda::EventInvokeConfig", properties)

    # --- events -----------------------------------------------------------------------------------------------------

    def _event(self, name: str, event: Any) -> Iterator[tuple[str, Any]]:
        path: Path = (*self._root, "Events", name)
        kind = event.get("Type") if isinstance(event, dict) else None
        properties = event.get("Properties") if isinstance(event, dict) else None
        given = properties if isinstance(properties, dict) else {}
        if not isinstance(kind, str):
            self._faults.append(Fault(f"event {name!r} has no Type", self._document.place(path)))
        elif kind in _RULE_EVENTS:
            yield from self._rule(name, given, path)
        else:
            if kind in _IMPLICIT and _IMPLICIT_OWNER[kind] not in given:
                self.implicit |= _IMPLICIT[kind]
            place = self._document.place(path)
            text = f"nothing here invokes the function by event {name!r}: events of type {shown(kind)} are not emulated"
            self._warnings.append(f"{place}: {text}")

    def _rule(self, name: str, given: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Any]]:
        """The rule, the permission for it, and the queue that SAM makes where only its type is given."""
        rule, below = f"{self._id}{name}", (*path, "Properties")
        if "Pattern" not in given:
            self._faults.append(Fault(f"event {name!r} has no Pattern", self._document.place(path)))
        names = {"Pattern": "EventPattern", "EventBusName": "EventBusName", "RuleName": "Name", "State": "State"}
        at: Path = ("Resources", rule, "Properties")
        properties: dict[str, Any] = {}
        for source, target in names.items():
            if source in given:
                properties[target] = given[source]
                self._places.move((*below, source), (*at, target))
        own = given.get("Target")
        target_id = own.get("Id") if isinstance(own, dict) else None
        invoked: dict[str, Any] = {"Arn": self._arn, "Id": target_id or f"{rule}LambdaTarget"}
        for member in ("Input", "InputPath", "InputTransformer", "RetryPolicy"):
            if member in given:
                invoked[member] = given[member]
                self._places.move((*below, member), (*at, "Targets", 0, member))
        letters = given.get("DeadLetterConfig")
        if isinstance(letters, dict):
            invoked["DeadLetterConfig"] = {"Arn": letters.get("Arn")}
            if letters.get("Arn") is None:
                queue = letters.get("QueueLogicalId") or f"{rule}Queue"
                invoked["DeadLetterConfig"] = {"Arn": {"Fn::GetAtt": [queue, "Arn"]}}
                yield from self._queue(str(queue), rule)
        properties["Targets"] = [invoked]
        self._places.setdefault(("Resources", rule), self._start(path))
        yield rule, {"Type": "AWS::Events::Rule", **self._condition(), "Properties": properties}
        permission = {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": self._id},
            "Principal": "events.amazonaws.com",
            "SourceArn": {"Fn::GetAtt": [rule, "Arn"]},
        }
        yield self._beside(f"{name}Permission", "AWS::Lambda::Permission", permission)

    def _queue(self, queue: str, rule: str) -> Iterator[tuple[str, Any]]:
        arn, source = {"Fn::GetAtt": [queue, "Arn"]}, {"Fn::GetAtt": [rule, "Arn"]}
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": source}},
        }
        document = {"Version": "2012-10-17", "Statement": [statement]}
        policy = {"PolicyDocument": document, "Queues": [{"Ref": queue}]}
        for name, kind, properties in (
            (queue, "AWS::SQS::Queue", {}),
            (f"{queue}Policy", "AWS::SQS::QueuePolicy", policy),
        ):
            self._places.setdefault(("Resources", name), self._start(self._root))
            yield name, {"Type": kind, **self._condition(), "Properties": properties}

    # --- layers -----------------------------------------------------------------------------------------------------

    def layer(self) -> Iterator[tuple[str, Any]]:
        given = self._given
        as_it_is = ("CompatibleArchitectures", "CompatibleRuntimes", "Description", "LayerName", "LicenseInfo")
        properties = {name: given[name] for name in as_it_is if name in given}
        properties.setdefault("LayerName", self._id)
        properties |= self._code("ContentUri", "Content")
        attributes = {name: value for name, value in self._attributes.items() if name != "RetentionPolicy"}
        yield self._id, {"Type": "AWS::Lambda::LayerVersion", **attributes, "Properties": properties}

    # --- resources and places ---------------------------------------------------------------------------------------

    def _beside(self, suffix: str, kind: str, properties: Mapping[str, Any]) -> tuple[str, Any]:
        name = f"{self._id}{suffix}"
        self._places.setdefault(("Resources", name), self._start(self._root[:2]))
        return name, {"Type": kind, **self._condition(), "Properties": dict(properties)}


def _merged(common: Any, own: Any) -> Any:
    """https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html"""
    if isinstance(common, list) and isinstance(own, list):
        return [*common, *own]
    if not (isinstance(common, dict) and isinstance(own, dict)) or _is_intrinsic(common) or _is_intrinsic(own):
        return own
    return {**common, **{name: _merged(common[name], own[name]) if name in common else own[name] for name in own}}


def _is_intrinsic(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and all(name == "Ref" or name.startswith("Fn::") for name in value)
