"""What pydantic found wrong, in a sentence."""

from pydantic import ValidationError


def describe_faults(error: ValidationError) -> str:
    """Return each fault as `field: what is wrong`, without the values: they may be secret."""
    return "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    )
