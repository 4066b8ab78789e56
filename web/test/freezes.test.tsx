import { screen, within } from "@testing-library/react";
import { expect, it } from "vitest";
import type { ActiveResponse, Freeze } from "../src/api/types";
import { LiftFreezeButton } from "../src/freezes/LiftFreezeButton";
import { nameFreeze } from "../src/freezes/nameFreeze";
import { describeSighting, isStanding } from "../src/responses/sighting";
import { renderSignedIn } from "./render";
import { SESSION } from "./samples";

const FREEZE: Freeze = {
  id: "action:fw.block",
  kind: "action",
  name: "fw.block",
  reason: "it blocks the wrong hosts",
  frozen_at: "2026-11-21T09:00:00Z",
  frozen_by: "u_olga",
  frozen_by_name: "olga",
  lift_asked_at: null,
  lift_asked_by: null,
  lift_asked_by_name: null,
};

it("names what a freeze stops", () => {
  expect(nameFreeze({ kind: "everything", name: "" })).toBe("everything");
  expect(nameFreeze(FREEZE)).toBe("the action fw.block");
});

it("offers to ask where nobody has asked, and to sign where somebody else has", () => {
  const { unmount } = renderSignedIn(<LiftFreezeButton freeze={FREEZE} />);
  expect(screen.getByRole("button", { name: /Ask to lift…/ })).toBeTruthy();
  unmount();
  renderSignedIn(<LiftFreezeButton freeze={{ ...FREEZE, lift_asked_by: "u_olga", lift_asked_at: FREEZE.frozen_at }} />);
  expect(screen.getByRole("button", { name: /Sign the lift…/ })).toBeTruthy();
});

it("does not let whoever has asked sign as well", () => {
  const asked = { ...FREEZE, lift_asked_by: SESSION.user.id, lift_asked_at: FREEZE.frozen_at };
  const { container } = renderSignedIn(<LiftFreezeButton freeze={asked} />);
  expect(within(container).queryByRole("button")).toBeNull();
  expect(within(container).getByText("somebody else has to sign")).toBeTruthy();
});

it("says what the last look has shown, or why there was none", () => {
  const seen = (sighting: ActiveResponse["sighting"], is_checkable = true) => describeSighting({ sighting, is_checkable });
  expect([seen("standing"), seen("gone"), seen("unclear"), seen(null), seen(null, false)]).toEqual([
    "it is there",
    "it is gone",
    "nobody could tell",
    "nobody has looked yet",
    "its connector cannot look",
  ]);
});

it("takes what is active or overdue for standing", () => {
  const standing = (["active", "lifting", "lifted", "overdue"] as const).filter((status) => isStanding({ status }));
  expect(standing).toEqual(["active", "overdue"]);
});
