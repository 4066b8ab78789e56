"""How a delivery that comes twice is known again."""

import hashlib
from datetime import datetime, timedelta

from soar.ingest.authentication import Ed25519, Hmac, Recipe, Request, Sns, find_delivery_id


def list_keys(recipe: Recipe, request: Request, now: datetime) -> tuple[str, ...]:
    """Return the keys that a repeat of this request would be found under; the first is the one to keep it under.

    An id that the sender vouches for decides. Without one the body does: for ever where the signature names no moment,
    since it can be replayed for ever; otherwise for a day at least, because the same words a week later are news.
    """
    delivery = find_delivery_id(recipe, request)
    if delivery:
        return (f"id:{digest(delivery.encode('utf-8', 'surrogatepass'))}",)
    body = f"body:{digest(request.body)}"
    if isinstance(recipe, Sns) or (isinstance(recipe, Hmac | Ed25519) and recipe.timestamp is None):
        return (body,)
    today = now.date()
    return tuple(f"{body}:{day.isoformat()}" for day in (today, today - timedelta(days=1)))


def digest(content: bytes) -> str:
    """Return what a content is told from others by."""
    return hashlib.sha256(content).hexdigest()
