"""What a password has to be."""

from soar.model.identity import User

SHORTEST_PASSWORD = 12
"""Characters. NIST SP 800-63B-4 asks for 8 beside a second factor and 15 without; no odd characters are asked for."""


def check_password(password: str, user: User) -> list[str]:
    """Return why this cannot be somebody's password, a sentence for each reason; empty if it can."""
    if len(password) < SHORTEST_PASSWORD:
        return [f"a password has at least {SHORTEST_PASSWORD} characters"]
    plain = password.casefold()
    if plain in {user.email.casefold(), user.name.casefold()} or len(set(plain)) == 1:
        return ["the password can be guessed"]
    return []
