"""Each module of the package has its test at the same path, or stands here with the test that holds it and the reason."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

UNIT = Path(__file__).parent
TESTS = UNIT.parent
PACKAGE = TESTS.parent / "src" / "livebus"


class Held(NamedTuple):
    """A test that holds modules without one of their own, why it is that one, and the modules, by their paths."""

    test: str
    reason: str
    modules: str


# A new module is not in here: it gets a test of its own, or a reason.
ELSEWHERE = [
    Held(
        "unit/runtime/test_server.py",
        "a start makes each part, and closes it where a later one fails",
        "runtime/wiring.py",
    ),
    Held(
        "unit/template/test_nesting.py",
        "nested stacks are read through their parent",
        "template/nested_stacks.py",
    ),
    Held(
        "unit/template/test_intrinsics.py",
        "a function's argument holds others, which the evaluator evaluates",
        "template/text_functions.py",
    ),
    Held(
        "unit/template/test_resources.py",
        "a resource is one of its template",
        "template/resource.py",
    ),
    Held(
        "unit/template/test_attributes.py",
        "what resources answer is asked of them all together",
        "template/return_values.py",
    ),
    Held(
        "unit/template/test_serverless.py",
        "the SAM translator's own resources are what it is held against",
        "template/serverless_expansion.py",
    ),
    Held(
        "abuse/test_publisher.py",
        "services that never end are what it is for",
        "aws/deadline.py",
    ),
    Held(
        "abuse/test_sandbox.py",
        "it is a process of its own, and is ended",
        "sandbox/inside.py",
    ),
    Held(
        "unit/schema/test_schema.py",
        "what a schema refuses is told as a whole",
        "schema/checking.py",
    ),
    Held(
        "unit/data_source/test_http.py",
        "requests that are not sent are HTTP's and functions'",
        "data_source/refusal.py",
    ),
    Held(
        "application/test_data_sources.py",
        "lines in tests have tables, functions and endpoints in memory",
        "data_source/in_memory.py data_source/tables.py",
    ),
    Held(
        "integration/test_data_sources.py",
        "an API calls functions and endpoints as they are",
        "runtime/appsync/http_calls.py",
    ),
    Held(
        "unit/resolver/test_data_source_functions.py",
        "code asks, and is told",
        "resolver/xml_answers.py",
    ),
    Held(
        "unit/resolver/test_mapping.py",
        "documents are made by templates",
        "resolver/documents.py",
    ),
    Held(
        "unit/checks/test_check_files.py",
        "its checks have templates in tests/vectors",
        "checks/api/mapping_templates.py",
    ),
    Held(
        "unit/vtl/test_functions.py",
        "each function is called by a template",
        "vtl/functions/dynamodb.py vtl/functions/errors.py vtl/functions/general.py vtl/functions/headers.py "
        "vtl/functions/lists_and_maps.py vtl/functions/maths.py vtl/functions/rds.py "
        "vtl/functions/registry.py vtl/functions/texts.py vtl/functions/times.py vtl/functions/transform.py "
        "vtl/functions/xml_text.py",
    ),
    Held(
        "unit/vtl/test_vectors.py",
        "templates and what Apache Velocity makes of them are vectors",
        "vtl/dates.py vtl/directives.py vtl/evaluation.py "
        "vtl/expression_values.py vtl/expressions.py vtl/java_pattern.py "
        "vtl/methods/lists.py vtl/methods/maps.py vtl/methods/registry.py vtl/methods/scalars.py "
        "vtl/methods/texts.py vtl/parser.py vtl/references.py vtl/scopes.py vtl/source.py "
        "vtl/syntax.py vtl/values.py",
    ),
    Held(
        "unit/template/test_connections.py",
        "data, and a test of what is read into it",
        "template/api_destination.py",
    ),
    Held(
        "integration/test_dynamodb_boto3.py",
        "boto3 calls each operation",
        "dynamodb/context.py dynamodb/errors.py dynamodb/legacy.py dynamodb/names.py "
        "dynamodb/parameters.py dynamodb/partiql_text.py dynamodb/reading.py "
        "dynamodb/single_items.py dynamodb/table.py dynamodb/table_requests.py "
        "dynamodb/writes.py runtime/tables.py",
    ),
    Held(
        "unit/dynamodb/expressions/test_expressions.py",
        "expressions are tried as texts",
        "dynamodb/expressions/checks.py dynamodb/expressions/conditions.py "
        "dynamodb/expressions/key_conditions.py dynamodb/expressions/lexer.py dynamodb/expressions/parser.py "
        "dynamodb/expressions/placeholders.py dynamodb/expressions/projections.py "
        "dynamodb/expressions/reserved_words.py dynamodb/expressions/syntax.py "
        "dynamodb/expressions/update_parser.py dynamodb/expressions/updates.py",
    ),
    Held(
        "unit/dynamodb/appsync/test_appsync.py",
        "requests and results are whole documents",
        "dynamodb/appsync/errors.py dynamodb/appsync/expressions.py dynamodb/appsync/members.py "
        "dynamodb/appsync/pages.py dynamodb/appsync/performing.py dynamodb/appsync/reading.py "
        "dynamodb/appsync/several.py dynamodb/appsync/single.py dynamodb/appsync/values.py",
    ),
    Held(
        "unit/publish/test_answer.py",
        "its words are those of each refused answer",
        "aws/advice.py",
    ),
    Held(
        "integration/test_running_values.py",
        "--check and --wait read what a runtime runs",
        "cli/publish/template_rules.py cli/publish/waiting_user.py",
    ),
    Held(
        "unit/aws/test_session.py",
        "a session is such clients, and what is asked of a stack with them",
        "aws/clients.py",
    ),
    Held(
        "unit/aws/direct/test_reach.py",
        "what is reached is compared with botocore's own answer",
        "aws/direct/botocore_reach.py aws/direct/http_connection.py aws/direct/service_client.py",
    ),
    Held(
        "integration/test_faults.py",
        "one request to a runtime",
        "aws/local_faults.py",
    ),
    Held(
        "integration/test_outputs.py",
        "what it asks is asked of a runtime, with boto3",
        "aws/amplify.py",
    ),
    Held(
        "integration/test_second_opinion.py",
        "it compares our word with a service's",
        "aws/second_opinion.py",
    ),
    Held(
        "integration/test_subscribing.py",
        "introspection is its one caller",
        "aws/signed_request.py",
    ),
    Held(
        "integration/test_message_command.py",
        "it runs programs",
        "aws/subscribe/message_command.py",
    ),
    Held(
        "integration/test_subscribing.py",
        "clients are tried against a server that misbehaves",
        "aws/subscribe/introspection.py aws/subscribe/listening.py aws/subscribe/printer.py "
        "aws/subscribe/subscriber.py aws/subscribe/template_apis.py",
    ),
    Held(
        "unit/access/test_authentication.py",
        "data only",
        "caller.py",
    ),
    Held(
        "unit/capacity/test_cost.py",
        "figures and loads are told as costs",
        "capacity/figures.py capacity/load.py capacity/report.py",
    ),
    Held(
        "unit/validate/test_catalogue.py",
        "what a check says of itself is what the catalogue lists",
        "checks/check.py",
    ),
    Held(
        "unit/checks/test_check_files.py",
        "each check has its sound and its broken templates in tests/vectors",
        "checks/alarms.py checks/api/api.py checks/api/calls.py checks/api/clients.py "
        "checks/api/directives.py checks/api/schema.py checks/api/subscriptions.py "
        "checks/api/table_requests.py checks/requests/asked.py checks/requests/parts.py "
        "checks/bus/buses.py checks/bus/rules.py checks/events/samples.py checks/every.py "
        "checks/iam/queues.py checks/iam/trust_policies.py checks/inspection.py "
        "checks/running.py checks/target/input_variables.py checks/target/inputs.py "
        "checks/target/operation.py checks/target/sample_values.py checks/target/slots.py "
        "checks/target/supplied.py checks/target/targets.py checks/target/violations.py "
        "checks/template/names.py checks/template/outside.py checks/template/template.py",
    ),
    Held(
        "e2e/test_demo.py",
        "a program",
        "cli/demo.py cli/demo_listener.py",
    ),
    Held(
        "unit/cli/test_commands.py",
        "names only",
        "cli/names.py",
    ),
    Held(
        "unit/new/test_application.py",
        "its texts are files of the application",
        "new/surroundings.py",
    ),
    Held(
        "integration/test_get_api_boto3.py",
        "boto3 calls it",
        "runtime/appsync/get_api.py",
    ),
    Held(
        "integration/test_interruption.py",
        "signals go to processes",
        "terminal/interruption.py",
    ),
    Held(
        "integration/test_faults.py",
        "it switches a runtime",
        "cli/faults.py",
    ),
    Held(
        "e2e/test_local.py",
        "a program",
        "cli/local.py",
    ),
    Held(
        "unit/cli/redrive/test_run.py",
        "arguments are seen at the command",
        "cli/redrive/arguments.py cli/redrive/importing.py cli/redrive/looking.py cli/redrive/publishing.py cli/redrive/purging.py cli/redrive/queue.py",
    ),
    Held(
        "unit/cli/subscribe/test_run.py",
        "arguments are seen at the command",
        "cli/subscribe/arguments.py",
    ),
    Held(
        "unit/cli/validate/test_run.py",
        "arguments are seen at the command",
        "cli/validate/arguments.py",
    ),
    Held(
        "unit/execution/test_graphql_vectors.py",
        "requests and answers are vectors, graphql-core's among them",
        "execution/completion.py execution/literals.py execution/operations.py "
        "execution/plan.py execution/planned.py execution/requests.py execution/responses.py "
        "execution/rules.py execution/run.py execution/selections.py execution/start.py "
        "execution/validation.py execution/variables.py",
    ),
    Held(
        "integration/test_cfn_lint_rules.py",
        "cfn-lint loads it",
        "lint.py",
    ),
    Held(
        "unit/test_flow.py",
        "its lines are compiled from a template, sound ones and others",
        "compilation.py",
    ),
    Held(
        "unit/test_flow.py",
        "data only",
        "operation.py",
    ),
    Held(
        "unit/pattern/test_vectors.py",
        "the pattern engine's verdicts are vectors",
        "pattern/leaf.py pattern/search.py pattern/string_conditions.py pattern/tree.py",
    ),
    Held(
        "unit/redrive/test_summary.py",
        "its words are the summary's",
        "redrive/words.py",
    ),
    Held(
        "unit/rehearsal/test_stage.py",
        "who listens is seen in what arrives",
        "rehearsal/audience.py rehearsal/samples.py",
    ),
    Held(
        "unit/resolver/test_rules.py",
        "code is accepted or refused as a whole",
        "resolver/code.py resolver/modules.py resolver/names.py resolver/pipeline.py resolver/syntax.py",
    ),
    Held(
        "integration/test_gql_subscriptions.py",
        "gql speaks to it over sockets",
        "runtime/appsync/graphql_http.py runtime/appsync/oidc_keys.py runtime/appsync/served_api.py",
    ),
    Held(
        "unit/runtime/port/test_aws_endpoint.py",
        "data only",
        "runtime/aws_errors.py",
    ),
    Held(
        "integration/test_nested_stacks.py",
        "boto3 deploys stacks that nest others",
        "runtime/cloudformation/making.py",
    ),
    Held(
        "integration/test_cloudformation_boto3.py",
        "boto3 deploys to it",
        "runtime/cloudformation/actions.py runtime/cloudformation/answers.py "
        "runtime/cloudformation/change_sets.py runtime/cloudformation/deployment.py "
        "runtime/cloudformation/effects.py runtime/cloudformation/failures.py "
        "runtime/cloudformation/file_stack.py "
        "runtime/cloudformation/loading.py runtime/cloudformation/stack_files.py",
    ),
    Held(
        "unit/runtime/cognito/test_sign_in.py",
        "users, groups and passwords are seen at a sign-in",
        "runtime/cognito/account_recovery.py runtime/cognito/actions.py runtime/cognito/attributes.py "
        "runtime/cognito/context.py runtime/cognito/descriptions.py "
        "runtime/cognito/errors.py runtime/cognito/groups.py runtime/cognito/pages.py "
        "runtime/cognito/passwords.py runtime/cognito/sign_ins.py runtime/cognito/users.py",
    ),
    Held(
        "e2e/test_local.py",
        "a program's own loop",
        "runtime/event_loop.py",
    ),
    Held(
        "integration/test_page.py",
        "documents are asked for as the page does, and compared with what boto3 says",
        "runtime/page/actions.py runtime/page/clients.py runtime/page/documents.py "
        "runtime/page/parts.py runtime/page/service.py runtime/page/trial.py",
    ),
    Held(
        "integration/test_cloudformation_boto3.py",
        "stacks come and go",
        "runtime/served_stacks.py",
    ),
    Held(
        "integration/test_reload.py",
        "wiring only, and the settings for it",
        "runtime/clockwork.py runtime/settings.py",
    ),
    Held(
        "e2e/test_local.py",
        "what is told of a runtime is read in its files",
        "runtime/announcement.py",
    ),
    Held(
        "unit/schema/test_schema.py",
        "documents, links and selections are parts of a schema",
        "schema/document.py schema/links.py",
    ),
    Held(
        "unit/subscription/test_filter.py",
        "operators are tried as filters",
        "subscription/operators.py",
    ),
    Held(
        "unit/template/test_loading.py",
        "data only",
        "template/application/functions.py template/application/users.py",
    ),
    Held(
        "integration/test_functions_boto3.py",
        "boto3 invokes what the template has",
        "runtime/cloudformation/function_code.py runtime/function_calls.py runtime/functions/blocking.py "
        "runtime/functions/lambda_api.py runtime/functions/outcome.py "
        "runtime/functions/process.py runtime/functions/runtime_api.py runtime/functions/service.py "
        "runtime/functions/unpacking.py runtime/functions/bootstraps/python_bootstrap.py",
    ),
    Held(
        "unit/template/test_functions.py",
        "SAM functions are read as the functions that they become",
        "template/serverless_functions.py",
    ),
    Held(
        "unit/terminal/test_output.py",
        "what is written is looked at on a screen",
        "terminal/escape.py terminal/result_stream.py",
    ),
    Held(
        "unit/transformer/test_target_input.py",
        "templates are vectors with their results",
        "transformer/compiler.py transformer/input_template.py transformer/template_reader.py",
    ),
    Held(
        "unit/validate/test_validation.py",
        "configuration and findings are parts of a validation",
        "validate/config.py validate/findings.py",
    ),
]


def modules() -> list[str]:
    """The modules of the package, by path; a package's own file holds no code."""
    paths = (path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
    return sorted(path for path in paths if not path.endswith(("__init__.py", "__main__.py")))


def has_own_test(module: str) -> bool:
    path = Path(module)
    return (UNIT / path.parent / f"test_{path.name}").is_file()


def held() -> list[str]:
    return [module for each in ELSEWHERE for module in each.modules.split()]


def unheld(paths: list[str]) -> list[str]:
    """Those of some modules that no test holds."""
    known = set(held())
    return [module for module in paths if not has_own_test(module) and module not in known]


def test_each_module_has_its_test() -> None:
    """At the same path, or named above."""
    assert unheld(modules()) == []


def test_a_new_module_is_noticed() -> None:
    """Neither a loose module nor one in a package of ours is held by anything above."""
    new = ["loose.py", "checks/loose.py", "new_package/module.py"]

    assert unheld([*modules(), *new]) == new


def test_what_is_named_above_is_there() -> None:
    """The tests exist; the modules exist, once each, and have no test of their own."""
    assert [each.test for each in ELSEWHERE if not (TESTS / each.test).is_file()] == []
    there = set(modules())
    assert [module for module in held() if has_own_test(module) or module not in there] == []
    assert sorted(held()) == sorted(set(held()))
