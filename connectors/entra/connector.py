"""Users through Microsoft Graph v1.0: https://learn.microsoft.com/graph/api/resources/user."""

from datetime import datetime
from typing import Annotated

import httpx
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from soar.sdk import (
    Arguments,
    Connector,
    Context,
    Effect,
    Holding,
    Output,
    PermanentError,
    Repeat,
    action,
    path,
    read_json,
)

_API = "https://graph.microsoft.com/v1.0"

# Nothing else may stand behind /users/: Graph knows words such as `delta` and `$count` there.
UserName = Annotated[
    str,
    StringConstraints(pattern=r"^([^@/\\\s]+@[^@/\\\s]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$"),
    Field(description="User principal name, or object id."),
]


class User(Arguments):
    """Whose account."""

    user: UserName


class Account(Output):
    """An account as it is now."""

    id: str = Field(description="Object id.")
    display_name: str = Field(description="The name people see; empty if there is none.")
    job_title: str = Field(description="Empty if there is none.")
    department: str = Field(description="Empty if there is none.")
    user_principal_name: str = Field(description="The name to sign in with.")
    mail: str = Field(description="Mail address; empty if there is none.")
    account_enabled: bool = Field(description="Whether the user may sign in.")
    is_synchronized: bool = Field(description="Whether a directory on the premises keeps the account.")
    last_password_change: datetime | None = Field(description="When the password was last set.")
    sessions_valid_from: datetime | None = Field(description="Sessions begun before are no longer good.")


class Access(Output):
    """Whether the user may sign in now."""

    user: str = Field(description="The user as it was asked for.")
    account_enabled: bool = Field(description="Whether the user may sign in.")


class Lockout(Holding):
    """Whether the account is disabled."""

    user: str = Field(description="The user as it was asked for.")
    account_enabled: bool = Field(description="Whether one can sign in to the account.")


class Revocation(Output):
    """Whose sessions have ended."""

    user: str = Field(description="The user as it was asked for.")


class _User(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)

    id: str
    display_name: str | None = None
    job_title: str | None = None
    department: str | None = None
    user_principal_name: str
    mail: str | None = None
    account_enabled: bool
    on_premises_sync_enabled: bool | None = None
    last_password_change_date_time: datetime | None = None
    sign_in_sessions_valid_from_date_time: datetime | None = None


_FIELDS = ",".join(to_camel(name) for name in _User.model_fields)  # most are left out unless they are asked for


class Entra(Connector):
    """Reads, disables and enables accounts, and ends their sessions."""

    @action(title="Read an account", effect=Effect.READ, repeat=Repeat.SAFE)
    async def get_user(self, ctx: Context, arguments: User) -> Account:
        """Return an account: https://learn.microsoft.com/graph/api/user-get."""
        user = await _read_user(ctx, arguments)
        return Account(
            id=user.id,
            display_name=user.display_name or "",
            job_title=user.job_title or "",
            department=user.department or "",
            user_principal_name=user.user_principal_name,
            mail=user.mail or "",
            account_enabled=user.account_enabled,
            is_synchronized=user.on_premises_sync_enabled or False,
            last_password_change=user.last_password_change_date_time,
            sessions_valid_from=user.sign_in_sessions_valid_from_date_time,
        )

    @action(
        title="Disable an account",
        effect=Effect.DESTRUCTIVE,
        repeat=Repeat.CHECKABLE,
        undo="enable_user",
        undo_arguments={"user": "with.user"},
        check="check_disabled",
        check_arguments={"user": "with.user"},
        targets="user",
    )
    async def disable_user(self, ctx: Context, arguments: User) -> Access:
        """Let nobody sign in to the account: https://learn.microsoft.com/graph/api/user-update."""
        return await _switch(ctx, arguments, is_enabled=False)

    @action(title="Enable an account", effect=Effect.WRITE, repeat=Repeat.SAFE, targets="user")
    async def enable_user(self, ctx: Context, arguments: User) -> Access:
        """Let the user sign in again."""
        return await _switch(ctx, arguments, is_enabled=True)

    @action(title="Look whether an account is disabled", effect=Effect.READ, repeat=Repeat.SAFE, targets="user")
    async def check_disabled(self, ctx: Context, arguments: User) -> Lockout:
        """Say whether nobody can sign in to the account now."""
        user = await _read_user(ctx, arguments)
        return Lockout(user=arguments.user, account_enabled=user.account_enabled, holds=not user.account_enabled)

    @action(title="Revoke all sessions of a user", effect=Effect.WRITE, repeat=Repeat.SAFE, targets="user")
    async def revoke_sessions(self, ctx: Context, arguments: User) -> Revocation:
        """Sign the user out everywhere: https://learn.microsoft.com/graph/api/user-revokesigninsessions."""
        url = _locate(arguments) + "/revokeSignInSessions"
        response = ctx.check(await ctx.http.post(url, headers=_authorize(ctx)))
        if response.content and read_json(response).get("value") is False:
            raise PermanentError("Microsoft Graph has not revoked the sessions")
        return Revocation(user=arguments.user)


async def _read_user(ctx: Context, arguments: User) -> _User:
    query = httpx.QueryParams({"$select": _FIELDS})
    response = await ctx.http.get(f"{_locate(arguments)}?{query}", headers=_authorize(ctx))
    document = read_json(ctx.check(response))
    try:
        return _User.model_validate(document)
    except ValidationError as error:
        raise PermanentError("Microsoft Graph answered something that is no user") from error


async def _switch(ctx: Context, arguments: User, *, is_enabled: bool) -> Access:
    document = {"accountEnabled": is_enabled}
    ctx.check(await ctx.http.patch(_locate(arguments), headers=_authorize(ctx), json=document))
    return Access(user=arguments.user, account_enabled=is_enabled)


def _locate(arguments: User) -> str:
    return _API + path("/users/{user}", user=arguments.user)


def _authorize(ctx: Context) -> dict[str, str]:
    return {"Authorization": f"Bearer {ctx.secret('token').reveal()}"}
