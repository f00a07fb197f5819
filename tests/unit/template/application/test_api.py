"""An API's parts, put together as they are read one after the other."""

from __future__ import annotations

from livebus.template.application import (
    AuthProvider,
    DataSource,
    GraphQLApi,
    MappingTemplates,
    PipelineFunction,
    ResolverConfig,
    TemplateText,
)


def test_what_has_code_is_the_resolver_and_then_its_functions() -> None:
    """In the order in which they run."""
    steps = tuple(PipelineFunction(name, name, DataSource("none", "NONE"), "", "") for name in ("one", "two"))
    resolver = ResolverConfig("Query", "f", "", "", functions=steps)
    assert resolver.parts == (resolver, *steps)


def test_templates_that_are_there() -> None:
    """The request's before the response's."""
    request, response = TemplateText("a"), TemplateText("b")
    assert MappingTemplates(request, response).texts == (request, response)
    assert MappingTemplates(response=response).texts == (response,)
    assert MappingTemplates().texts == ()


def test_ways_in() -> None:
    """The API's own first."""
    own, other = AuthProvider("AWS_IAM"), AuthProvider("API_KEY")
    api = GraphQLApi("Api", "n", "i", "a", "e", "g", "r", own, (other,))
    assert api.providers == (own, other)
