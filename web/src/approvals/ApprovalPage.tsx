import { useApproval } from "../api/queries";
import type { Approval } from "../api/types";
import { Fact } from "../components/Fact";
import { JsonBlock } from "../components/JsonBlock";
import { Loaded } from "../components/Loaded";
import { Moment } from "../components/Moment";
import { Page } from "../components/Page";
import { AnswerForm } from "./AnswerForm";
import { ApprovalCard } from "./ApprovalCard";
import { isQuestion } from "./describe";

const ASSURANCES: Record<Approval["assurance"], string> = {
  linked: "a signed-in person",
  confirmed: "a signed-in person who types what is acted on",
  mfa: "a signed-in person with a sign-in younger than five minutes",
};

/** One approval with everything that decides it. */
export function ApprovalPage({ id }: { id: string }) {
  const query = useApproval(id);
  const code = query.data?.code ?? id;
  return (
    <Page title={`Approval ${code}`} command={`soar approval show ${code}`}>
      <Loaded query={query}>
        {(approval) => (
          <>
            <ApprovalCard approval={approval} />
            {isQuestion(approval) ? (
              <AnswerForm key={approval.id} approval={approval} />
            ) : (
              <>
                <h2>What exactly is called</h2>
                <JsonBlock value={approval.card.arguments} label="Arguments of the action" />
              </>
            )}
            <h2>What binds the answer</h2>
            <Binding approval={approval} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Binding({ approval }: { approval: Approval }) {
  return (
    <dl className="facts">
      <Fact name="Digest">
        <code>{approval.digest}</code>
      </Fact>
      <Fact name="Step">
        <code>{approval.step}</code>
      </Fact>
      <Fact name={isQuestion(approval) ? "An answer takes" : "A yes takes"}>{ASSURANCES[approval.assurance]}</Fact>
      <Fact name="Asked">
        <Moment at={approval.asked_at} />
      </Fact>
    </dl>
  );
}
