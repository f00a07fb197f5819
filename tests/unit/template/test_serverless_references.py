"""SAM's own references."""

from __future__ import annotations

from livebus.template.document import read_document
from livebus.template.serverless_references import references_resolved


def test_aliases_and_stages() -> None:
    """Ref of Function.Alias and Api.Stage lead to what SAM makes."""
    text = """
Resources:
  Fn: {Type: "AWS::Serverless::Function", Properties: {AutoPublishAlias: live}}
  Api: {Type: "AWS::Serverless::Api", Properties: {StageName: Prod}}
Outputs:
  A: {Value: !Ref Fn.Alias}
  S: {Value: !Ref Api.Stage}
  F: {Value: !Ref Fn}
  V: {Value: !GetAtt Fn.Version.FunctionArn}
"""
    body = references_resolved(read_document(text, "t.yaml")).body

    assert body["Outputs"] == {
        "A": {"Value": {"Ref": "FnAliaslive"}},
        "S": {"Value": {"Ref": "ApiProdStage"}},
        "F": {"Value": {"Ref": "Fn"}},
        "V": {"Value": {"Ref": "FnAliaslive"}},
    }
    assert body["Resources"]["ApiProdStage"] == {"Type": "AWS::ApiGateway::Stage", "Properties": {"StageName": "Prod"}}


def test_nothing_to_resolve() -> None:
    """A template without such references is the same one."""
    document = read_document("Resources: {Q: {Type: 'AWS::SQS::Queue'}}", "t.yaml")

    assert references_resolved(document) is document
