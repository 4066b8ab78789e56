import type { ApprovalPart } from "../api/types";
import { Inert } from "../components/Inert";

interface PartChoiceProps {
  offered: ApprovalPart[];
  chosen: ApprovalPart[];
  onChoose: (chosen: ApprovalPart[]) => void;
}

/** What of it is allowed; what is left out is not done, and the others run without it. */
export function PartChoice({ offered, chosen, onChoose }: PartChoiceProps) {
  function toggle(part: ApprovalPart): void {
    onChoose(offered.filter((each) => (each === part ? !chosen.includes(each) : chosen.includes(each))));
  }
  return (
    <fieldset>
      <legend>
        Allow {chosen.length} of {offered.length}
      </legend>
      {offered.map((part) => (
        <label key={part.targets.join("\n")} className="choice">
          <input type="checkbox" checked={chosen.includes(part)} onChange={() => toggle(part)} />{" "}
          <Inert text={part.targets.join(", ")} />
        </label>
      ))}
    </fieldset>
  );
}
