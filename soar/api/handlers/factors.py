"""One's own second factors."""

from aiohttp import web

from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.factors import (
    CodeSent,
    FactorAdded,
    FactorPage,
    FactorWanted,
    PasskeyOffer,
    PasskeySent,
    RecoveryCodes,
    TotpOfferView,
    view_factor,
)
from soar.audit.actor import describe_principal
from soar.model.errors import ConflictError
from soar.model.factor import CodePurpose
from soar.people.factors import Proof
from soar.store import Unit


async def list_factors(call: Call, _: Nothing) -> FactorPage:
    """List one's own second factors."""

    def show(unit: Unit) -> FactorPage:
        found = call.services.factors.find(unit, call.caller.user)
        left = len(unit.codes.of(call.principal.id, CodePurpose.RECOVERY))
        return FactorPage(items=tuple(map(view_factor, found)), next=None, recovery_codes=left)

    return await call.read(show)


async def begin_totp(call: Call, sent: FactorWanted) -> TotpOfferView:
    """Begin to add an authenticator program: its secret is shown this once, and counts after its first code."""
    offer = await call.services.factors.begin_totp(call.workspace, call.caller.user, sent.name, call.at)
    return TotpOfferView(id=offer.factor.id, secret=offer.secret, uri=offer.uri)


async def confirm_totp(call: Call, sent: CodeSent) -> FactorAdded:
    """Let an authenticator program count, by its first code; the first factor brings recovery codes."""
    factor_id = call.part("id")
    secrets = await call.services.factors.unlock(call.workspace, call.principal.id, sent.code)
    proof = Proof(sent.code, secrets=secrets)

    def confirm(unit: Unit) -> FactorAdded:
        codes = call.services.factors.confirm_totp(
            unit, call.caller.user, factor_id, proof, describe_principal(call.principal), call.at
        )
        (added,) = (factor for factor in unit.factors.of(call.principal.id) if factor.id == factor_id)
        return FactorAdded(factor=view_factor(added), recovery_codes=codes)

    return await call.write(confirm)


async def begin_passkey(call: Call, _: Nothing) -> PasskeyOffer:
    """Begin to add a security key: return what it is to sign."""
    options = await call.write(lambda unit: call.services.factors.begin_passkey(unit, call.caller.user, call.at))
    return PasskeyOffer(options=options)


async def add_passkey(call: Call, sent: PasskeySent) -> FactorAdded:
    """Add a security key, by what it signed; the first factor brings recovery codes."""
    factor, codes = await call.write(
        lambda unit: call.services.factors.add_passkey(
            unit, call.caller.user, sent.name, sent.credential, describe_principal(call.principal), call.at
        )
    )
    return FactorAdded(factor=view_factor(factor), recovery_codes=codes)


async def renew_recovery(call: Call, _: Nothing) -> RecoveryCodes:
    """Make new recovery codes, shown this once; those from before are void."""

    def renew(unit: Unit) -> tuple[str, ...]:
        if not call.services.factors.find(unit, call.caller.user):
            raise ConflictError("recovery codes stand in for a second factor, and you have none", code="no_factor")
        return call.services.factors.renew_recovery(unit, call.caller.user, describe_principal(call.principal), call.at)

    return RecoveryCodes(recovery_codes=await call.write(renew))


async def remove_factor(call: Call, _: Nothing) -> web.Response:
    """Remove one of one's own second factors."""
    await call.write(
        lambda unit: call.services.factors.remove(
            unit, call.caller.user, call.part("id"), describe_principal(call.principal), call.at
        )
    )
    return web.Response(status=204)
