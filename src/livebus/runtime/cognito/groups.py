"""
Groups and who is in them. The template's groups are there from the start; calls may add more.

https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-user-groups.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from livebus.runtime.cognito.administration import named
from livebus.runtime.cognito.context import Action, Answer, Context, Request
from livebus.runtime.cognito.directory import remove_group
from livebus.runtime.cognito.errors import CognitoError
from livebus.runtime.cognito.pages import page
from livebus.runtime.cognito.users import Group, User
from livebus.template.application import UserPool


def create_group(context: Context, request: Request) -> Answer:
    pool = context.directory.pool(request["UserPoolId"])
    groups, name = context.record(pool).groups, request["GroupName"]
    if name in groups:
        raise CognitoError("GroupExistsException", f"A group with the name {name} already exists.")
    now = context.clock()
    groups[name] = Group(name, now, now, request.get("Description"), request.get("RoleArn"), request.get("Precedence"))
    context.save()
    return {"Group": groups[name].described(pool.user_pool_id)}


def update_group(context: Context, request: Request) -> Answer:
    pool, group = _group(context, request)
    group.description = request.get("Description", group.description)
    group.role_arn = request.get("RoleArn", group.role_arn)
    group.precedence = request.get("Precedence", group.precedence)
    group.modified = context.clock()
    context.save()
    return {"Group": group.described(pool.user_pool_id)}


def get_group(context: Context, request: Request) -> Answer:
    pool, group = _group(context, request)
    return {"Group": group.described(pool.user_pool_id)}


def delete_group(context: Context, request: Request) -> Answer:
    pool, group = _group(context, request)
    remove_group(context.record(pool), group.name)
    context.save()
    return {}


def list_groups(context: Context, request: Request) -> Answer:
    pool = context.directory.pool(request["UserPoolId"])
    return _listed(pool, list(context.record(pool).groups.values()), request)


def admin_list_groups_for_user(context: Context, request: Request) -> Answer:
    pool, user = named(context, request)
    groups = context.record(pool).groups
    return _listed(pool, [groups[name] for name in user.groups if name in groups], request)


def admin_add_user_to_group(context: Context, request: Request) -> Answer:
    user, group = _member(context, request)
    if group.name not in user.groups:
        user.groups.append(group.name)
        context.save()
    return {}


def admin_remove_user_from_group(context: Context, request: Request) -> Answer:
    user, group = _member(context, request)
    if group.name in user.groups:
        user.groups.remove(group.name)
        context.save()
    return {}


def list_users_in_group(context: Context, request: Request) -> Answer:
    pool, group = _group(context, request)
    members = [user for user in context.record(pool).users.values() if group.name in user.groups]
    rows, token = page(members, request.get("Limit"), request.get("NextToken"))
    answer: dict[str, Any] = {"Users": [user.described() for user in rows]}
    if token is not None:
        answer["NextToken"] = token
    return answer


def _group(context: Context, request: Request) -> tuple[UserPool, Group]:
    pool = context.directory.pool(request["UserPoolId"])
    return pool, context.directory.group(pool, request["GroupName"])


def _member(context: Context, request: Request) -> tuple[User, Group]:
    pool, user = named(context, request)
    return user, context.directory.group(pool, request["GroupName"])


def _listed(pool: UserPool, groups: Sequence[Group], request: Request) -> Answer:
    rows, token = page(groups, request.get("Limit"), request.get("NextToken"))
    answer: dict[str, Any] = {"Groups": [group.described(pool.user_pool_id) for group in rows]}
    if token is not None:
        answer["NextToken"] = token
    return answer


_GROUP: Final = ("UserPoolId", "GroupName")
_MEMBER: Final = ("UserPoolId", "Username", "GroupName")

ACTIONS: Final[Mapping[str, Action]] = {
    "CreateGroup": Action(create_group, _GROUP),
    "UpdateGroup": Action(update_group, _GROUP),
    "GetGroup": Action(get_group, _GROUP),
    "DeleteGroup": Action(delete_group, _GROUP),
    "ListGroups": Action(list_groups, ("UserPoolId",)),
    "ListUsersInGroup": Action(list_users_in_group, _GROUP),
    "AdminAddUserToGroup": Action(admin_add_user_to_group, _MEMBER),
    "AdminRemoveUserFromGroup": Action(admin_remove_user_from_group, _MEMBER),
    "AdminListGroupsForUser": Action(admin_list_groups_for_user, ("UserPoolId", "Username")),
}
