"""The keys over the credentials: one takes another's place while everything is read and written on."""

from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.vault import RewrapView, RotationWanted, VaultKeyView, VaultView, view_key, view_vault
from soar.audit.actor import describe_principal


async def show_vault(call: Call, _: Nothing) -> VaultView:
    """Show the keys over the credentials, and how far a rotation has come."""
    return view_vault(await call.services.key_rotation.report(call.workspace))


async def rotate_key(call: Call, wanted: RotationWanted) -> VaultKeyView:
    """Make a key the current one; what is sealed under the others is sealed again from then on."""
    made = await call.services.key_rotation.rotate(
        call.workspace, wanted.key, actor=describe_principal(call.principal), now=call.at
    )
    call.services.rewrapper.kick()
    call.announce("vault", made.id)
    return view_key(made)


async def rewrap_credentials(call: Call, _: Nothing) -> RewrapView:
    """Seal again what is not under the current key, now."""
    done = await call.services.rewrapper.rewrap(call.workspace)
    return RewrapView(credentials=done.credentials, damaged=done.damaged)


async def retire_key(call: Call, _: Nothing) -> VaultKeyView:
    """Let a superseded key open nothing any more; refused while anything is wrapped by it."""
    changed = await call.services.key_rotation.retire(
        call.workspace, call.part("id"), actor=describe_principal(call.principal), now=call.at
    )
    call.announce("vault", changed.id)
    return view_key(changed)


async def destroy_key(call: Call, _: Nothing) -> VaultKeyView:
    """Ask for a retired key's end; once somebody else asks too, it is gone for good."""
    changed = await call.services.key_rotation.destroy(
        call.workspace, call.part("id"), actor=describe_principal(call.principal), now=call.at
    )
    call.announce("vault", changed.id)
    return view_key(changed)
