import { useApproval } from "../api/queries";
import type { Message } from "../api/types";
import { ApprovalCard } from "../approvals/ApprovalCard";
import { Inert } from "../components/Inert";
import { Loaded } from "../components/Loaded";
import { Moment } from "../components/Moment";

/** One message; one that asks for a yes shows the card instead of its plain text. */
export function ChatMessage({ message }: { message: Message }) {
  return (
    <li className={message.thread ? "message message-answer" : "message"}>
      <p className="message-head">
        <strong>
          <Inert text={message.author} limit={60} />
        </strong>{" "}
        <span className="quiet">
          <Moment at={message.at} />
        </span>
      </p>
      {message.approval ? (
        <MessageCard approval={message.approval} />
      ) : (
        <p>
          <Inert text={message.text} keepsLines />
        </p>
      )}
    </li>
  );
}

function MessageCard({ approval }: { approval: string }) {
  const query = useApproval(approval);
  return <Loaded query={query}>{(found) => <ApprovalCard approval={found} />}</Loaded>;
}
