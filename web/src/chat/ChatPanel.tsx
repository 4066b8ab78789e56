import { useState } from "react";
import { useChannels, useMessages } from "../api/queries";
import { Loaded } from "../components/Loaded";
import { ChatLog } from "./ChatLog";

/** The built-in chat: what is said in a channel, with the cards in it. */
export function ChatPanel() {
  const channels = useChannels();
  const names = channels.data?.items ?? [];
  const [choice, setChoice] = useState<string | null>(null);
  const channel = choice ?? names[0] ?? "";
  const messages = useMessages(channel);
  return (
    <aside className="chat" aria-labelledby="chat">
      <header>
        <h2 id="chat">Chat</h2>
        {names.length > 0 && (
          <label className="inline">
            <span className="unseen">Channel</span>
            <select value={channel} onChange={(event) => setChoice(event.target.value)}>
              {names.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
      </header>
      <Loaded query={channels}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="quiet">Playbooks speak here. None has said anything yet.</p>
          ) : (
            <Loaded query={messages}>{(newestFirst) => <ChatLog newestFirst={newestFirst} />}</Loaded>
          )
        }
      </Loaded>
    </aside>
  );
}
