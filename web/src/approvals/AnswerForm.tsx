import { useState, type FormEvent } from "react";
import { useAnswer } from "../api/commands";
import { ApiError } from "../api/error";
import type { Approval } from "../api/types";
import { Problem } from "../components/Problem";
import { useNotice } from "../shell/Notice";
import { useMay } from "../shell/SessionContext";
import { useClock } from "../text/useClock";
import { AnswerField } from "./AnswerField";
import { readAnswers, typeDefaults, type Typed } from "./answers";

/** The form in which facts are answered; nothing where there is nothing to answer, or not for this person. */
export function AnswerForm({ approval }: { approval: Approval }) {
  const [typed, setTyped] = useState<Typed>(() => typeDefaults(approval.fields));
  const answer = useAnswer(approval.id);
  const showNotice = useNotice();
  const hasVote = useMay("approval:vote");
  const isLate = useClock() >= Date.parse(approval.expires_at);
  if (approval.status !== "pending" || !approval.may_vote || !hasVote || isLate) {
    return null;
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    answer.mutate(readAnswers(approval.fields, typed), {
      onSuccess: (after) => showNotice(`${after.code} is answered.`),
    });
  }

  const faults = answer.error instanceof ApiError ? answer.error.errors : [];
  return (
    <form className="answer" aria-label={`Answer ${approval.code}`} onSubmit={submit}>
      <h2>Your answer</h2>
      {approval.fields.map((field) => (
        <AnswerField
          key={field.name}
          field={field}
          typed={typed[field.name] ?? ""}
          fault={faults.find((fault) => fault.pointer === `/answers/${field.name}`)?.message ?? null}
          onType={(text) => setTyped((before) => ({ ...before, [field.name]: text }))}
        />
      ))}
      {answer.error && <Problem error={answer.error} />}
      <div className="buttons">
        <button type="submit" className="primary" disabled={answer.isPending}>
          Send the answer
        </button>
      </div>
    </form>
  );
}
