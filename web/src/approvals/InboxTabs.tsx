import { Link } from "../router/Link";

export type Tab = "mine" | "others" | "decided";

interface InboxTabsProps {
  chosen: Tab;
  mine?: number;
  others?: number;
}

/** The three parts of the inbox, with how many wait where that is known. */
export function InboxTabs({ chosen, mine, others }: InboxTabsProps) {
  const tabs = [
    { tab: "mine", to: "/approvals", name: "Waiting for me", count: mine },
    { tab: "others", to: "/approvals?show=others", name: "Waiting for others", count: others },
    { tab: "decided", to: "/approvals?show=decided", name: "Decided", count: undefined },
  ];
  return (
    <nav aria-label="Parts of the inbox" className="chips">
      {tabs.map(({ tab, to, name, count }) => (
        <Link key={tab} to={to} className="chip" aria-current={tab === chosen ? "true" : undefined}>
          {name}
          {count !== undefined && ` (${count})`}
        </Link>
      ))}
    </nav>
  );
}
