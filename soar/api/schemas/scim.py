"""Resources of SCIM 2.0 (RFC 7643) as they are answered."""

from collections.abc import Sequence

from soar.federation.directory import Person
from soar.federation.scim import GROUP, USER
from soar.model.federation import Group
from soar.model.values import JsonValue, print_timestamp

PATH = "/scim/v2"
LONGEST_LIST = 200

_MESSAGES = "urn:ietf:params:scim:api:messages:2.0"
_CORE = "urn:ietf:params:scim:schemas:core:2.0"

Resource = dict[str, JsonValue]


def write_person(person: Person, url: str) -> Resource:
    """Return a person (RFC 7643, section 4.1)."""
    account, user = person.account, person.user
    resource: Resource = {
        "schemas": [USER],
        "id": account.id,
        "userName": account.user_name,
        "displayName": account.display_name,
        "active": account.is_active,
        "emails": [{"value": user.email, "type": "work", "primary": True}] if user.email else [],
        "groups": [{"value": group.id, "display": group.name} for group in person.groups],
        "meta": {
            "resourceType": "User",
            "created": print_timestamp(account.created_at),
            "lastModified": print_timestamp(account.changed_at),
            "location": f"{url}{PATH}/Users/{account.id}",
        },
    }
    return resource if account.subject is None else {**resource, "externalId": account.subject}


def write_group(group: Group, url: str) -> Resource:
    """Return a group (RFC 7643, section 4.2)."""
    resource: Resource = {
        "schemas": [GROUP],
        "id": group.id,
        "displayName": group.name,
        "members": [{"value": member, "type": "User"} for member in sorted(group.members)],
        "meta": {
            "resourceType": "Group",
            "created": print_timestamp(group.created_at),
            "lastModified": print_timestamp(group.changed_at),
            "location": f"{url}{PATH}/Groups/{group.id}",
        },
    }
    return resource if group.external_id is None else {**resource, "externalId": group.external_id}


def write_list(resources: Sequence[Resource], *, total: int, start: int) -> Resource:
    """Return a page of resources (RFC 7644, section 3.4.2)."""
    return {
        "schemas": [f"{_MESSAGES}:ListResponse"],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": [*resources],
    }


def write_error(status: int, detail: str, kind: str | None) -> Resource:
    """Return an error (RFC 7644, section 3.12)."""
    error: Resource = {"schemas": [f"{_MESSAGES}:Error"], "status": str(status), "detail": detail}
    return error if kind is None else {**error, "scimType": kind}


def write_configuration(url: str) -> Resource:
    """Return what we speak of SCIM (RFC 7643, section 5)."""
    no: JsonValue = {"supported": False}
    return {
        "schemas": [f"{_CORE}:ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": LONGEST_LIST},
        "changePassword": no,
        "sort": no,
        "etag": no,
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "API token",
                "description": "An API token whose only scope is scim:write.",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{url}{PATH}/ServiceProviderConfig"},
    }


def write_types(url: str) -> tuple[Resource, ...]:
    """Return the kinds of resources (RFC 7643, section 6)."""
    return tuple(
        {
            "schemas": [f"{_CORE}:ResourceType"],
            "id": name,
            "name": name,
            "endpoint": f"/{name}s",
            "schema": schema,
            "meta": {"resourceType": "ResourceType", "location": f"{url}{PATH}/ResourceTypes/{name}"},
        }
        for name, schema in (("User", USER), ("Group", GROUP))
    )


def write_schemas(url: str) -> tuple[Resource, ...]:
    """Return the attributes that are kept (RFC 7643, section 7)."""
    address = (_describe("value"), _describe("type"), _describe("primary", kind="boolean"))
    member = (_describe("value", is_required=True), _describe("type"))
    in_group = (_describe("value", is_written=False), _describe("display", is_written=False))
    return (
        _write_schema(
            url,
            USER,
            "User",
            (
                _describe("userName", is_required=True, is_unique=True),
                _describe("displayName"),
                _describe("active", kind="boolean"),
                _describe_list("emails", address),
                _describe_list("groups", in_group, is_written=False),
            ),
        ),
        _write_schema(
            url,
            GROUP,
            "Group",
            (_describe("displayName", is_required=True, is_unique=True), _describe_list("members", member)),
        ),
    )


def _write_schema(url: str, schema: str, name: str, attributes: Sequence[Resource]) -> Resource:
    return {
        "schemas": [f"{_CORE}:Schema"],
        "id": schema,
        "name": name,
        "attributes": [*attributes],
        "meta": {"resourceType": "Schema", "location": f"{url}{PATH}/Schemas/{schema}"},
    }


def _describe(
    name: str, *, kind: str = "string", is_required: bool = False, is_unique: bool = False, is_written: bool = True
) -> Resource:
    return {
        "name": name,
        "type": kind,
        "multiValued": False,
        "required": is_required,
        "caseExact": False,
        "mutability": "readWrite" if is_written else "readOnly",
        "returned": "default",
        "uniqueness": "server" if is_unique else "none",
    }


def _describe_list(name: str, parts: Sequence[Resource], *, is_written: bool = True) -> Resource:
    described = _describe(name, kind="complex", is_written=is_written)
    return {**described, "multiValued": True, "subAttributes": [*parts]}
