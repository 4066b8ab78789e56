import { act, fireEvent, render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { Link } from "../src/router/Link";
import { navigate, useLocation } from "../src/router/location";
import { matchPath } from "../src/router/match";

describe("matchPath", () => {
  it("gives the values of a pattern's names, decoded", () => {
    expect(matchPath("/runs/:id", "/runs/run%2F1%20x")).toEqual({ id: "run/1 x" });
  });

  it("takes a path with or without a slash at its end", () => {
    expect(matchPath("/runs", "/runs/")).toEqual({});
  });

  it.each([
    ["/runs", "/alerts"],
    ["/runs", "/runs/run_1"],
    ["/runs/:id", "/runs"],
    ["/", "/runs"],
  ])("does not take %s for %s", (pattern, path) => {
    expect(matchPath(pattern, path)).toBeNull();
  });

  it("refuses a segment that is not validly encoded", () => {
    expect(matchPath("/runs/:id", "/runs/%E0%A4%A")).toBeNull();
  });
});

function Here() {
  const { path, query } = useLocation();
  return <output>{`${path} ${query.get("status") ?? "all"}`}</output>;
}

describe("the location", () => {
  it("follows navigation, its query, and the way back", async () => {
    render(<Here />);
    act(() => navigate("/runs?status=failed"));
    expect(screen.getByRole("status").textContent).toBe("/runs failed");

    window.history.back();
    expect(await screen.findByText("/ all")).toBeDefined();
  });

  it("follows a pressed link without loading a page", () => {
    render(
      <>
        <Link to="/alerts">Alerts</Link>
        <Here />
      </>,
    );
    fireEvent.click(screen.getByText("Alerts"));
    expect(screen.getByRole("status").textContent).toBe("/alerts all");
  });

  it("leaves a press with a modifier key to the browser", () => {
    render(
      <>
        <Link to="/alerts">Alerts</Link>
        <Here />
      </>,
    );
    let isLeftAlone = false;
    const stopBrowser = (event: Event): void => {
      isLeftAlone = !event.defaultPrevented;
      event.preventDefault();
    };
    window.addEventListener("click", stopBrowser, { once: true });
    fireEvent.click(screen.getByText("Alerts"), { ctrlKey: true });
    expect(isLeftAlone).toBe(true);
    expect(screen.getByRole("status").textContent).toBe("/ all");
  });
});
