"""A line that a person can paste into a shell to send an alert, signed as its source signs."""

import shlex

from soar.ingest.authentication import Bearer, Encoding, Hmac, Unit
from soar.ingest.source import Source
from soar.model.errors import InputError
from soar.model.secret import Secret


def curl_line(source: Source, url: str, secret: Secret, file: str) -> str:
    """Return the line.

    Args:
        source: whose hook.
        url: how the server is reached, without a slash at the end.
        secret: the source's key. The line shows it, so this is for demonstrations only.
        file: path of the document to send.

    Raises:
        InputError: the source signs in a way that needs more than a shell.
    """
    where, key = shlex.quote(f"{url}/hooks/{source.id}"), shlex.quote(secret.reveal())
    send = f"-H 'Content-Type: application/json' --data-binary @{shlex.quote(file)} {where}"
    match source.recipe:
        case Bearer(header="authorization", scheme="bearer"):
            return f'curl -sS -H "Authorization: Bearer "{key} {send}'
        case Hmac(encoding=Encoding.HEX, id=None, timestamp_field=None, unit=Unit.SECONDS) as recipe:
            return _sign(recipe, file, key, send)
        case _:
            raise InputError(
                f"no line of a shell signs as {source.id} does",
                code="source.no_sample",
                hint=f"send it as yourself: soar alert send {source.id} {file}",
            )


def _sign(recipe: Hmac, file: str, key: str, send: str) -> str:
    before, _, after = recipe.template.replace("{timestamp}", "$ts").partition("{body}")
    end = f'; printf %s "{after}"' if after else ""
    signed = f'{{ printf %s "{before}"; cat {shlex.quote(file)}{end}; }}'
    digest = f"$({signed} | openssl dgst -{recipe.algorithm} -hmac {key} -r | cut -d' ' -f1)"
    moment = f'-H "{recipe.timestamp}: $ts" ' if recipe.timestamp else ""
    return f'ts=$(date +%s); curl -sS {moment}-H "{recipe.header}: {recipe.prefix}{digest}" {send}'
