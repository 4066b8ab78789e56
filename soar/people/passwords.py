"""What a password has to be."""

from collections.abc import Collection

from soar.model.identity import User

SHORTEST_PASSWORD = 12
"""Characters. NIST SP 800-63B-4 asks for 8 beside a second factor and 15 without; no odd characters are asked for."""

_LOOKED_AT = 72  # characters; what stands behind them makes a password no weaker
_STRONG = 3  # of 4: a hundred million guesses, which is far beyond what the bounds on logins let through
_OUR_NAME = "soar"


def check_password(password: str, user: User, words: Collection[str] = ()) -> list[str]:
    """Return why this cannot be somebody's password, a sentence for each reason; empty if it can.

    Args:
        password: as it was typed.
        user: whose it would be.
        words: what people of this place think of first, such as the name of its host.
    """
    if len(password) < SHORTEST_PASSWORD:
        return [f"a password has at least {SHORTEST_PASSWORD} characters"]
    from zxcvbn import zxcvbn  # noqa: PLC0415 -- large lists of words, and seldom needed

    known = [user.name, user.email, *user.email.split("@"), _OUR_NAME, *words]
    estimate = zxcvbn(password[:_LOOKED_AT], user_inputs=known)
    if estimate["score"] >= _STRONG:
        return []
    warning = str(estimate["feedback"]["warning"]).rstrip(".")
    return [f"the password can be guessed{f': {warning[0].lower()}{warning[1:]}' if warning else ''}"]
