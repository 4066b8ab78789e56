"""Second factors in the store: added, proved with, removed, each in its caller's transaction."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import ConflictError, InputError, NotFoundError
from soar.model.factor import CodePurpose, Factor, FactorKind, OneTimeCode
from soar.model.identity import User
from soar.model.ids import Ids, Randomness
from soar.model.secret import Secret
from soar.model.values import JsonValue
from soar.people.codes import draw_code, hash_code, hash_exactly, issue_code
from soar.people.relying_party import CHALLENGE_BYTES, RelyingParty, find_relying_party, read_challenge
from soar.people.totp import DIGITS, SECRET_BYTES, encode_totp_secret, find_totp_step, write_totp_uri
from soar.store import Store, Unit
from soar.vault.service import Vault

RECOVERY_CODES = 10
MOST_FACTORS = 10
_CHALLENGE_LIFE = timedelta(minutes=5)
_TOTP_CODE = re.compile(rf"\s*(\d\s*){{{DIGITS}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody shows as their second factor.

    Attributes:
        code: of an authenticator program, or a recovery code.
        assertion: what a security key signed, as the page got it.
        secrets: what the codes of their authenticator programs are made from, by factor; see `SecondFactors.unlock`.
    """

    code: str | None = None
    assertion: Mapping[str, JsonValue] | None = None
    secrets: Mapping[str, Secret] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is shown."""
        return self.code is None and self.assertion is None


@dataclass(frozen=True, slots=True)
class TotpOffer:
    """A new secret for an authenticator program, shown this once."""

    factor: Factor
    secret: str
    uri: str


class SecondFactors:
    """The second factors of everybody.

    Args:
        store: where they rest.
        vault: keeps the secrets of authenticator programs.
        ids: gives ids of factors and audit events.
        randomness: gives secrets, codes and challenges.
        url: how people reach us; security keys are bound to its host.
    """

    def __init__(self, store: Store, vault: Vault, *, ids: Ids, randomness: Randomness, url: str) -> None:
        self._store = store
        self._vault = vault
        self._ids = ids
        self._randomness = randomness
        self._url = url

    def find(self, unit: Unit, user: User) -> tuple[Factor, ...]:
        """Return a person's factors that count."""
        return tuple(factor for factor in unit.factors.of(user.id) if factor.confirmed_at is not None)

    async def begin_totp(self, workspace: str, user: User, name: str, at: datetime) -> TotpOffer:
        """Draw a secret for an authenticator program; it counts once a code of it was confirmed.

        An earlier one that was never confirmed goes.

        Raises:
            ConflictError: they have too many factors.
        """
        secret = encode_totp_secret(self._randomness.bytes(SECRET_BYTES))
        factor = Factor(
            id=self._ids.new("fa"),
            user=user.id,
            kind=FactorKind.TOTP,
            name=name,
            material=b"",
            handle="",
            counter=0,
            created_at=at,
        )
        await self._vault.keep(
            workspace,
            _name_secret(factor),
            Secret(secret),
            owner=user.id,
            now=at,
            beside=lambda unit: self._add_waiting(unit, user, factor),
        )
        return TotpOffer(factor, secret, write_totp_uri(secret, user.name, "soar"))

    async def unlock(self, workspace: str, user: str, code: str | None) -> Mapping[str, Secret]:
        """Return what a person's codes are made from, by factor; nothing if this is no code of a program."""
        if code is None or not _TOTP_CODE.fullmatch(code):
            return {}
        factors = await self._store.read(workspace, lambda unit: unit.factors.of(user))
        return {
            factor.id: await self._vault.open_kept(workspace, _name_secret(factor))
            for factor in factors
            if factor.kind is FactorKind.TOTP
        }

    def confirm_totp(
        self, unit: Unit, user: User, factor_id: str, proof: Proof, actor: Actor, at: datetime
    ) -> tuple[str, ...]:
        """Let an authenticator program count from now on, as it has shown a right code.

        Returns:
            Recovery codes, shown this once, if this is the person's first factor.

        Raises:
            NotFoundError: nothing waits to be confirmed under this id.
            InputError: the code is wrong.
        """
        factor = unit.factors.get(factor_id)
        if factor is None or factor.user != user.id or factor.confirmed_at is not None:
            raise NotFoundError(f"no factor {factor_id} of yours waits for its first code", hint="add it anew")
        step = _find_step(factor, proof, at)
        if step is None:
            raise InputError(
                "the code is wrong", code="wrong_code", hint="type what it shows now, and check the clock of the device"
            )
        is_first = not self.find(unit, user)
        confirmed = replace(factor, counter=step, confirmed_at=at, used_at=at)
        unit.factors.update(confirmed)
        self._record(unit, "factor.added", user, actor, at, factor=confirmed)
        return self.renew_recovery(unit, user, actor, at) if is_first else ()

    def begin_passkey(self, unit: Unit, user: User, at: datetime) -> JsonValue:
        """Return what a page needs to add a security key.

        Raises:
            InputError: security keys cannot be used at our address.
            ConflictError: they have too many factors.
        """
        from soar.people.passkeys import offer_registration  # noqa: PLC0415 -- large, and seldom needed

        self._check_room(unit, user)
        party, challenge = self._party(), self._draw_challenge(unit, user, at)
        return offer_registration(party, user, challenge, self._passkeys(unit, user))

    def add_passkey(
        self, unit: Unit, user: User, name: str, credential: Mapping[str, JsonValue], actor: Actor, at: datetime
    ) -> tuple[Factor, tuple[str, ...]]:
        """Add a security key by what it signed.

        Returns:
            The factor; and recovery codes, shown this once, if it is the person's first.

        Raises:
            InputError: it does not prove itself, or did not check its owner.
            ConflictError: they have it already.
        """
        from soar.people.passkeys import check_registration  # noqa: PLC0415 -- large, and seldom needed

        challenge = self._take_challenge(unit, user, credential, at)
        found = check_registration(self._party(), credential, challenge) if challenge else None
        if found is None:
            raise InputError(
                "the security key did not prove itself", code="wrong_passkey", hint="begin again, and unlock the key"
            )
        if any(known.handle == found.handle for known in self._passkeys(unit, user)):
            raise ConflictError("this security key is yours already", hint="`soar factor list` shows yours")
        is_first = not self.find(unit, user)
        factor = Factor(
            id=self._ids.new("fa"),
            user=user.id,
            kind=FactorKind.WEBAUTHN,
            name=name,
            material=found.public_key,
            handle=found.handle,
            counter=found.counter,
            created_at=at,
            confirmed_at=at,
        )
        unit.factors.add(factor)
        self._record(unit, "factor.added", user, actor, at, factor=factor)
        return factor, self.renew_recovery(unit, user, actor, at) if is_first else ()

    def renew_recovery(self, unit: Unit, user: User, actor: Actor, at: datetime) -> tuple[str, ...]:
        """Return new recovery codes, shown this once; those from before are void."""
        unit.codes.remove_of(user.id, CodePurpose.RECOVERY)
        codes = tuple(draw_code(self._randomness) for _ in range(RECOVERY_CODES))
        for code in codes:
            issue_code(unit, user.id, CodePurpose.RECOVERY, code, at)
        self._record(unit, "factor.recovery_issued", user, actor, at)
        return codes

    def remove(self, unit: Unit, user: User, factor_id: str, actor: Actor, at: datetime) -> None:
        """Remove a factor of a person; with the last one the recovery codes go, too.

        Raises:
            NotFoundError: they have no such factor.
        """
        factor = unit.factors.get(factor_id)
        if factor is None or factor.user != user.id:
            raise NotFoundError(f"you have no factor {factor_id}", hint="`soar factor list` shows yours")
        _remove(unit, factor)
        if not self.find(unit, user):
            unit.codes.remove_of(user.id, CodePurpose.RECOVERY)
        if factor.confirmed_at is not None:
            self._record(unit, "factor.removed", user, actor, at, factor=factor)

    def challenge(self, unit: Unit, user: User, at: datetime) -> JsonValue:
        """Return what a page needs to ask a person's security keys; None if they have none."""
        from soar.people.passkeys import offer_assertion  # noqa: PLC0415 -- large, and seldom needed

        known = self._passkeys(unit, user)
        if not known:
            return None
        return offer_assertion(self._party(), self._draw_challenge(unit, user, at), known)

    def prove(self, unit: Unit, user: User, proof: Proof, actor: Actor, at: datetime) -> bool:
        """Return whether a person has shown a second factor; what was shown does not count again."""
        if proof.assertion is not None:
            return self._prove_passkey(unit, user, proof.assertion, at)
        if proof.code is None:
            return False
        if _TOTP_CODE.fullmatch(proof.code):
            return self._prove_totp(unit, user, proof, at)
        return self._prove_recovery(unit, user, proof.code, actor, at)

    def _prove_totp(self, unit: Unit, user: User, proof: Proof, at: datetime) -> bool:
        for factor in self.find(unit, user):
            step = _find_step(factor, proof, at)
            if step is not None:
                unit.factors.update(replace(factor, counter=step, used_at=at))
                return True
        return False

    def _prove_passkey(self, unit: Unit, user: User, assertion: Mapping[str, JsonValue], at: datetime) -> bool:
        from soar.people.passkeys import check_assertion  # noqa: PLC0415 -- large, and seldom needed

        challenge = self._take_challenge(unit, user, assertion, at)
        factor = next((known for known in self._passkeys(unit, user) if known.handle == assertion.get("id")), None)
        if challenge is None or factor is None:
            return False
        counter = check_assertion(self._party(), assertion, challenge, factor)
        if counter is None:
            return False
        unit.factors.update(replace(factor, counter=counter, used_at=at))
        return True

    def _prove_recovery(self, unit: Unit, user: User, code: str, actor: Actor, at: datetime) -> bool:
        found = unit.codes.find(hash_code(CodePurpose.RECOVERY, code), at)
        if found is None or found.user != user.id or found.purpose is not CodePurpose.RECOVERY:
            return False
        unit.codes.remove(found.key)
        self._record(unit, "factor.recovery_used", user, actor, at)
        return True

    def _passkeys(self, unit: Unit, user: User) -> tuple[Factor, ...]:
        return tuple(factor for factor in self.find(unit, user) if factor.kind is FactorKind.WEBAUTHN)

    def _party(self) -> RelyingParty:
        return find_relying_party(self._url)

    def _draw_challenge(self, unit: Unit, user: User, at: datetime) -> bytes:
        challenge = self._randomness.bytes(CHALLENGE_BYTES)
        code = OneTimeCode(
            key=hash_exactly(CodePurpose.CHALLENGE, challenge.hex()),
            user=user.id,
            purpose=CodePurpose.CHALLENGE,
            created_at=at,
            expires_at=at + _CHALLENGE_LIFE,
        )
        unit.codes.add(code, at)
        return challenge

    def _take_challenge(
        self, unit: Unit, user: User, credential: Mapping[str, JsonValue], at: datetime
    ) -> bytes | None:
        """Return the challenge that was signed, if it is one of ours for this person; it does not count again."""
        challenge = read_challenge(credential)
        if challenge is None:
            return None
        found = unit.codes.find(hash_exactly(CodePurpose.CHALLENGE, challenge.hex()), at)
        if found is None or found.user != user.id:
            return None
        unit.codes.remove(found.key)
        return challenge

    def _check_room(self, unit: Unit, user: User) -> None:
        if len(unit.factors.of(user.id)) >= MOST_FACTORS:
            raise ConflictError(f"you have {MOST_FACTORS} factors already", hint="remove one that you no longer use")

    def _add_waiting(self, unit: Unit, user: User, factor: Factor) -> None:
        for waiting in unit.factors.of(user.id):
            if waiting.confirmed_at is None:
                _remove(unit, waiting)
        self._check_room(unit, user)
        unit.factors.add(factor)

    def _record(
        self, unit: Unit, kind: str, user: User, actor: Actor, at: datetime, *, factor: Factor | None = None
    ) -> None:
        described: dict[str, JsonValue] | None = (
            {"factor": factor.id, "kind": factor.kind.value, "name": factor.name} if factor else None
        )
        is_gone = kind == "factor.removed"
        event = AuditEvent(
            type=kind,
            outcome=Outcome.SUCCESS,
            actor=actor,
            target={"kind": "user", "id": user.id, "name": user.name},
            before=described if is_gone else None,
            after=None if is_gone else described,
        )
        record(unit, event, at=at, id=self._ids.new("ev"))


def _find_step(factor: Factor, proof: Proof, at: datetime) -> int | None:
    """Return the 30-second step whose code of this program was shown; None if none was, or it has counted before."""
    secret = proof.secrets.get(factor.id)
    if secret is None or proof.code is None:
        return None
    return find_totp_step(secret.reveal(), proof.code, at, after=factor.counter)


def _name_secret(factor: Factor) -> str:
    """Return what the vault keeps a program's secret under: bound to the person, so that it is nobody else's."""
    return f"totp:{factor.user}:{factor.id}"


def _remove(unit: Unit, factor: Factor) -> None:
    unit.factors.remove(factor.id)
    unit.credentials.remove(_name_secret(factor))
