"""The part of the route table that is about those who ask: logins, factors, tokens, accounts, emergency access."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from soar.access.permissions import Permission
from soar.api.call import Call
from soar.api.handlers import access, emergency, factors, logins, now, session, sign_on, step_up, tokens, users
from soar.api.route import V1, Route, Self, Sent, View, private, public
from soar.api.schemas.access import AccessQuery, AccessView, GrantsSent, GrantsView, RolePage, UserAccessQuery
from soar.api.schemas.accounts import (
    AccountWanted,
    DisableWanted,
    EnableWanted,
    InvitationTaken,
    Invited,
    PasswordChosen,
    PasswordWanted,
    ResetWanted,
    RolesWanted,
)
from soar.api.schemas.base import Nothing, PageQuery
from soar.api.schemas.emergency import OpeningPage, OpeningView, ReviewSent
from soar.api.schemas.factors import (
    ChallengeView,
    CodeSent,
    FactorAdded,
    FactorPage,
    FactorWanted,
    PasskeyOffer,
    PasskeySent,
    RecoveryCodes,
    StepUpSent,
    TotpOfferView,
)
from soar.api.schemas.now import NowView
from soar.api.schemas.people import (
    LoginPage,
    LoginSent,
    PasswordSent,
    SessionView,
    TokenMade,
    TokenPage,
    TokenWanted,
    UserPage,
    UserView,
)
from soar.api.schemas.sign_on import SignOnEnded, SignOnView

P = Permission


def list_account_routes() -> tuple[Route, ...]:
    """Return the routes that are about those who ask."""
    return (*_own(), *_proved(), *_people(), *_granted(), *_emergency())


def _own() -> tuple[Route, ...]:
    return (
        public(
            "POST",
            f"{V1}/session",
            "nobody is logged in before they log in; attempts are bounded",
            session.start_session,
            takes=LoginSent,
            answers=SessionView,
        ),
        private("GET", f"{V1}/session", Self(), session.show_session, takes=Nothing, answers=SessionView),
        private("DELETE", f"{V1}/session", Self(), session.end_session, takes=Nothing, answers=None, status=204),
        private("GET", f"{V1}/session/access", Self(), access.explain_own, takes=AccessQuery, answers=AccessView),
        private("GET", f"{V1}/sessions", Self(), logins.list_logins, takes=Nothing, answers=LoginPage),
        private("DELETE", f"{V1}/sessions", Self(), logins.end_all_logins, takes=Nothing, answers=None, status=204),
        private("DELETE", f"{V1}/sessions/{{id}}", Self(), logins.end_login, takes=Nothing, answers=None, status=204),
        public(
            "GET",
            f"{V1}/sign-on",
            "whoever wants to log in has to know how; it says no more than the name on the button",
            sign_on.show_sign_on,
            takes=Nothing,
            answers=SignOnView,
        ),
        private("POST", f"{V1}/sign-on/end", Self(), sign_on.end_sign_on, takes=Nothing, answers=SignOnEnded),
        private("GET", f"{V1}/now", Self(), now.show_now, takes=Nothing, answers=NowView),
        private("GET", f"{V1}/tokens", P.TOKEN_READ, tokens.list_tokens, takes=Nothing, answers=TokenPage),
        private(
            "POST",
            f"{V1}/tokens",
            P.TOKEN_WRITE,
            tokens.make_token,
            takes=TokenWanted,
            answers=TokenMade,
            needs_proof=True,
        ),
        private(
            "DELETE", f"{V1}/tokens/{{id}}", P.TOKEN_WRITE, tokens.revoke_token, takes=Nothing, answers=None, status=204
        ),
    )


def _proved() -> tuple[Route, ...]:
    """Return the routes by which people prove who they are, and with what."""

    def own(
        method: str,
        path: str,
        handler: Callable[[Call, Sent], Awaitable[View | web.StreamResponse]],
        takes: type[Sent],
        answers: type[View] | None,
        status: int = 200,
    ) -> Route:
        return private(
            method,
            f"{V1}/factors{path}",
            Self(),
            handler,
            takes=takes,
            answers=answers,
            status=status,
            needs_proof=True,
        )

    return (
        public(
            "POST",
            f"{V1}/session/challenge",
            "a name and a password are sent; attempts are bounded",
            session.challenge_login,
            takes=PasswordSent,
            answers=ChallengeView,
        ),
        public(
            "POST",
            f"{V1}/invitations",
            "the code of the invitation is the proof; attempts are bounded",
            users.take_invitation,
            takes=PasswordChosen,
            answers=InvitationTaken,
        ),
        private(
            "POST",
            f"{V1}/session/password",
            Self(),
            users.change_password,
            takes=PasswordWanted,
            answers=None,
            status=204,
            needs_proof=True,
        ),
        private("POST", f"{V1}/session/step-up", Self(), step_up.step_up, takes=StepUpSent, answers=SessionView),
        private(
            "POST",
            f"{V1}/session/step-up/challenge",
            Self(),
            step_up.challenge_step_up,
            takes=Nothing,
            answers=ChallengeView,
        ),
        private("GET", f"{V1}/factors", Self(), factors.list_factors, takes=Nothing, answers=FactorPage),
        own("POST", "/totp", factors.begin_totp, FactorWanted, TotpOfferView, 201),
        own("POST", "/totp/{id}", factors.confirm_totp, CodeSent, FactorAdded),
        own("POST", "/passkeys/options", factors.begin_passkey, Nothing, PasskeyOffer),
        own("POST", "/passkeys", factors.add_passkey, PasskeySent, FactorAdded, 201),
        own("POST", "/recovery-codes", factors.renew_recovery, Nothing, RecoveryCodes, 201),
        own("DELETE", "/{id}", factors.remove_factor, Nothing, None, 204),
    )


def _people() -> tuple[Route, ...]:
    """Return the routes of accounts. Switching one off needs no fresh proof: it must not wait."""

    def change(
        path: str,
        handler: Callable[[Call, Sent], Awaitable[View | web.StreamResponse]],
        takes: type[Sent],
        answers: type[View],
        status: int = 200,
    ) -> Route:
        return private(
            "POST",
            f"{V1}/users{path}",
            P.USER_WRITE,
            handler,
            takes=takes,
            answers=answers,
            status=status,
            needs_proof=True,
        )

    return (
        private("GET", f"{V1}/users", P.USER_READ, users.list_users, takes=PageQuery, answers=UserPage),
        private("GET", f"{V1}/users/{{id}}", P.USER_READ, users.show_user, takes=Nothing, answers=UserView),
        change("", users.add_user, AccountWanted, Invited, 201),
        change("/{id}/invitation", users.invite_user, Nothing, Invited, 201),
        change("/{id}/reset", users.reset_user, ResetWanted, Invited),
        change("/{id}/roles", users.change_roles, RolesWanted, UserView),
        change("/{id}/enable", users.enable_user, EnableWanted, UserView),
        change("/{id}/tokens", tokens.make_service_token, TokenWanted, TokenMade, 201),
        private(
            "POST",
            f"{V1}/users/{{id}}/disable",
            P.USER_WRITE,
            users.disable_user,
            takes=DisableWanted,
            answers=UserView,
        ),
        private(
            "GET",
            f"{V1}/users/{{id}}/tokens",
            P.USER_READ,
            tokens.list_service_tokens,
            takes=Nothing,
            answers=TokenPage,
        ),
        private(
            "DELETE",
            f"{V1}/users/{{id}}/tokens/{{token}}",
            P.USER_WRITE,
            tokens.revoke_service_token,
            takes=Nothing,
            answers=None,
            status=204,
        ),
    )


def _granted() -> tuple[Route, ...]:
    return (
        private("GET", f"{V1}/roles", P.ROLE_READ, access.list_roles, takes=Nothing, answers=RolePage),
        private(
            "GET",
            f"{V1}/access/explain",
            P.USER_READ,
            access.explain_access,
            takes=UserAccessQuery,
            answers=AccessView,
        ),
        private(
            "PUT",
            f"{V1}/users/{{id}}/grants",
            P.USER_WRITE,
            access.set_grants,
            takes=GrantsSent,
            answers=GrantsView,
            needs_proof=True,
        ),
    )


def _emergency() -> tuple[Route, ...]:
    return (
        private(
            "GET",
            f"{V1}/emergencies",
            P.EMERGENCY_READ,
            emergency.list_openings,
            takes=Nothing,
            answers=OpeningPage,
        ),
        private(
            "POST",
            f"{V1}/emergencies/{{id}}/close",
            P.USER_WRITE,
            emergency.close_opening,
            takes=Nothing,
            answers=OpeningView,
        ),
        private(
            "POST",
            f"{V1}/emergencies/{{id}}/review",
            P.EMERGENCY_REVIEW,
            emergency.review_opening,
            takes=ReviewSent,
            answers=OpeningView,
        ),
    )
