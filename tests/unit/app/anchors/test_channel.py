from soar.api.hub import Hub
from soar.app.anchors.channel import ChannelAnchor
from soar.app.anchors.settings import ChannelAnchorSettings
from soar.audit.note import SigningKey
from soar.model.audit import AnchorState
from soar.store import Store
from tests.support.anchors import WORKSPACE, Grow

STATE = AnchorState(name="channel")


async def test_people_read_size_root_and_key_once(store: Store, grow: Grow, key: SigningKey) -> None:
    settings = ChannelAnchorSettings(kind="channel", channel="#audit")
    anchor = ChannelAnchor(settings, store=store, workspace=WORKSPACE, key=key.verifier, announcer=Hub())
    missed = [await grow(), await grow()]
    for _ in range(2):
        assert (await anchor.take(missed, STATE)).size == 2
    page = await store.read(WORKSPACE, lambda unit: unit.messages.list("#audit", 10))
    assert [message.text for message in page.items] == [
        f"Audit checkpoint: 2 events, root {missed[1].root}, key {key.name}+{key.verifier.id.hex()}"
    ]
