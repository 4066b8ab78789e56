"""Credentials: set, never read back."""

from soar.access.permissions import Permission
from soar.access.subjects import describe_credential
from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.credentials import CredentialPage, CredentialSent, CredentialView, view_credential
from soar.api.things import Shown
from soar.audit.actor import describe_principal
from soar.model.secret import CredentialVersion, Secret


async def list_credentials(call: Call, _: Nothing) -> CredentialPage:
    """List credentials by name, without their values."""
    found = await call.read(call.services.vault.list)
    shown = Shown[CredentialVersion](
        call, Permission.CREDENTIAL_READ, lambda version: describe_credential(call.workspace, version.name)
    )
    return CredentialPage(items=tuple(map(view_credential, shown.keep(found))), next=None)


async def set_credential(call: Call, sent: CredentialSent) -> CredentialView:
    """Set a credential; nobody can read it back."""
    vault, name, actor = call.services.vault, call.part("name"), describe_principal(call.principal)
    if sent.reference is not None:
        version = await vault.set_reference(
            call.workspace, name, sent.reference, hosts=sent.hosts, actor=actor, now=call.at
        )
        return view_credential(version)
    value = Secret(sent.value.get_secret_value() if sent.value else "")
    version = await vault.set_credential(call.workspace, name, value, hosts=sent.hosts, actor=actor, now=call.at)
    return view_credential(version)
