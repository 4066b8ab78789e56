import type { Message } from "../api/types";
import { ChatMessage } from "./ChatMessage";

/** Messages, newest at the bottom; the list opens there. */
export function ChatLog({ newestFirst }: { newestFirst: readonly Message[] }) {
  return (
    <div className="chat-log" tabIndex={0} role="log" aria-label="Messages">
      <ol>
        {newestFirst.toReversed().map((message) => (
          <ChatMessage key={message.id} message={message} />
        ))}
      </ol>
    </div>
  );
}
