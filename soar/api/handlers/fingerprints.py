"""Whether a secret value was used, asked by those who have the value."""

from soar.api.call import Call
from soar.api.schemas.fingerprints import FingerprintView, ValueSent, view_sighting
from soar.audit.actor import describe_principal
from soar.model.audit import AuditEvent, Outcome
from soar.model.secret import Secret
from soar.vault import find_sightings


async def find_value(call: Call, sent: ValueSent) -> FingerprintView:
    """Say which credentials had a value, by its fingerprint. The question itself goes into the record."""
    fingerprint = call.services.vault.take_fingerprint(Secret(sent.value.get_secret_value()))
    found = await call.read(lambda unit: find_sightings(unit, fingerprint))
    event = AuditEvent(
        type="fingerprint.asked",
        outcome=Outcome.SUCCESS,
        actor=describe_principal(call.principal),
        target={"kind": "fingerprint", "id": fingerprint},
        after={"credentials": [sighting.credential for sighting in found]},
    )
    await call.write(lambda unit: call.record(unit, event))
    return FingerprintView(fingerprint=fingerprint, credentials=tuple(map(view_sighting, found)))
