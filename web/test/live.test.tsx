import { QueryClientProvider, useQuery } from "@tanstack/react-query";
import { act, render, screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { useLive } from "../src/api/live";
import { createQueryClient } from "../src/api/queryClient";
import type { ChangeKind } from "../src/api/types";

/** The browser's end of the event stream, driven by the test. */
class Stream extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  static opened: Stream[] = [];
  readyState: number = Stream.CONNECTING;

  constructor(readonly url: string) {
    super();
    Stream.opened.push(this);
  }

  accept(): void {
    this.readyState = Stream.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  drop(state: number): void {
    this.readyState = state;
    this.dispatchEvent(new Event("error"));
  }

  tell(kind: ChangeKind): void {
    this.dispatchEvent(new MessageEvent("change", { data: JSON.stringify({ kind, id: "x" }) }));
  }

  close(): void {
    this.readyState = Stream.CLOSED;
  }
}

const asked = { alerts: 0, responses: 0 };

function Watcher() {
  const isLive = useLive();
  useQuery({ queryKey: ["alerts"], queryFn: () => (asked.alerts += 1) });
  useQuery({ queryKey: ["responses"], queryFn: () => (asked.responses += 1) });
  return <output>{isLive ? "live" : "down"}</output>;
}

async function pass(milliseconds: number): Promise<void> {
  await act(() => vi.advanceTimersByTimeAsync(milliseconds));
}

/** Renders with an open stream and everything asked once. */
async function watch(): Promise<Stream> {
  render(
    <QueryClientProvider client={createQueryClient()}>
      <Watcher />
    </QueryClientProvider>,
  );
  const stream = Stream.opened.at(-1);
  if (!stream) {
    throw new Error("no stream was opened");
  }
  await pass(0);
  act(() => stream.accept());
  await pass(0);
  asked.alerts = 0;
  asked.responses = 0;
  return stream;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Stream);
  Stream.opened = [];
});

describe("live updates", () => {
  it("ask once for many changes, and only for what shows them", async () => {
    const stream = await watch();
    stream.tell("alert");
    stream.tell("alert");
    stream.tell("message");
    await pass(250);
    expect(asked).toEqual({ alerts: 1, responses: 0 });
  });

  it("ask nothing while the stream is open and silent", async () => {
    await watch();
    await pass(60_000);
    expect(asked).toEqual({ alerts: 0, responses: 0 });
  });

  it("say that they are down and ask every five seconds, until the stream is back", async () => {
    const stream = await watch();
    act(() => stream.drop(Stream.CONNECTING));
    expect(screen.getByRole("status").textContent).toBe("down");
    await pass(10_000);
    expect(asked).toEqual({ alerts: 2, responses: 2 });

    act(() => stream.accept());
    await pass(0);
    expect(screen.getByRole("status").textContent).toBe("live");
    expect(asked).toEqual({ alerts: 3, responses: 3 });
    await pass(60_000);
    expect(asked).toEqual({ alerts: 3, responses: 3 });
  });

  it("open a new stream when the server refused the last one", async () => {
    const stream = await watch();
    act(() => stream.drop(Stream.CLOSED));
    await pass(5_000);
    expect(Stream.opened).toHaveLength(2);
    act(() => Stream.opened[1]?.accept());
    expect(screen.getByRole("status").textContent).toBe("live");
  });
});
