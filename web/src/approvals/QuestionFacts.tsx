import type { Approval, Json } from "../api/types";
import { Fact } from "../components/Fact";
import { Inert } from "../components/Inert";

/** Why facts are asked for, what is asked, and what was answered. */
export function QuestionFacts({ approval }: { approval: Approval }) {
  return (
    <dl className="facts">
      {approval.card.reason && (
        <Fact name="Why">
          <Inert text={approval.card.reason} />
        </Fact>
      )}
      {approval.fields.map((field) => (
        <Fact key={field.name} name={field.label}>
          {approval.reply ? <Inert text={writeAnswer(approval.reply.answers[field.name])} /> : "not answered"}
        </Fact>
      ))}
    </dl>
  );
}

function writeAnswer(answer: Json | undefined): string {
  if (typeof answer === "boolean") {
    return answer ? "yes" : "no";
  }
  return typeof answer === "string" ? answer : JSON.stringify(answer ?? null);
}
