"""Whether a playbook may destroy something."""

from collections.abc import Callable

from soar.model.catalog import Effect
from soar.model.playbook import Playbook
from soar.playbook.references import FindAction, ReferenceKind, find_references


def may_destroy(
    playbook: Playbook, *, find_action: FindAction, find_playbook: Callable[[str], Playbook | None]
) -> bool:
    """Whether some way through a playbook, or through those that it calls, comes to a destructive action.

    An action that is not installed and a playbook that does not serve count as destructive: nobody knows.

    Args:
        playbook: as read.
        find_action: gives an installed action by its full name.
        find_playbook: gives a playbook that serves by its id.
    """
    seen, waiting = {playbook.id}, [playbook]
    while waiting:
        for reference in find_references(waiting.pop(), find_action):
            if reference.kind is ReferenceKind.ACTION:
                action = find_action(reference.name)
                if action is None or action.effect is Effect.DESTRUCTIVE:
                    return True
            elif reference.kind is ReferenceKind.PLAYBOOK and reference.name not in seen:
                called = find_playbook(reference.name)
                if called is None:
                    return True
                seen.add(called.id)
                waiting.append(called)
    return False
