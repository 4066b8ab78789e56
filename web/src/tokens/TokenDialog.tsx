import { useState } from "react";
import { useRoles } from "../api/account";
import type { TokenMade } from "../api/accountTypes";
import { useMakeToken, type TokenOwner } from "../api/tokens";
import { Choices } from "../components/Choices";
import { Dialog } from "../components/Dialog";
import { FormDialog } from "../components/FormDialog";
import { Inert } from "../components/Inert";
import { Moment } from "../components/Moment";
import { ShownOnce } from "../components/ShownOnce";
import { splitList } from "../text/words";

/** Days that a token may be chosen to last; the server takes 90 at most. */
const DAYS = [1, 7, 30, 90];

interface TokenDialogProps {
  owner: TokenOwner;
  /** The most that it may be made to do. */
  offered: readonly string[];
  onClose: () => void;
}

/** Makes a token: what it may, how long, from where, for which part of the world. */
export function TokenDialog({ owner, offered, onClose }: TokenDialogProps) {
  const [wanted, setWanted] = useState({ name: "", scopes: [] as string[], days: 30, networks: "", within: "" });
  const make = useMakeToken(owner);
  const change = (changes: Partial<typeof wanted>) => setWanted({ ...wanted, ...changes });
  if (make.data) {
    return <TokenText made={make.data} onClose={onClose} />;
  }

  function submit(): void {
    const { name, networks, within, ...rest } = wanted;
    make.mutate({ ...rest, name: name.trim(), networks: splitList(networks), within: within.trim() || null });
  }

  return (
    <FormDialog
      title="Make a token"
      action="Make it"
      isComplete={wanted.name.trim() !== "" && wanted.scopes.length > 0}
      command={make}
      onSubmit={submit}
      onClose={onClose}
    >
      <label>
        What it is for
        <input
          value={wanted.name}
          onChange={(event) => change({ name: event.target.value })}
          autoComplete="off"
          maxLength={200}
          required
        />
      </label>
      <Scopes offered={offered} chosen={wanted.scopes} onChange={(scopes) => change({ scopes })} />
      <label>
        How long{" "}
        <select value={wanted.days} onChange={(event) => change({ days: Number(event.target.value) })}>
          {DAYS.map((days) => (
            <option key={days} value={days}>
              {days === 1 ? "1 day" : `${days} days`}
            </option>
          ))}
        </select>
      </label>
      <Narrowing
        label="From these addresses only"
        hint="such as 192.0.2.0/24; empty is anywhere"
        text={wanted.networks}
        onType={(networks) => change({ networks })}
      />
      <Narrowing
        label="For this part of the world only"
        hint="such as playbook=phishing-*; empty is all that may be reached"
        text={wanted.within}
        onType={(within) => change({ within })}
      />
    </FormDialog>
  );
}

interface ScopesProps {
  offered: readonly string[];
  chosen: readonly string[];
  onChange: (scopes: string[]) => void;
}

function Scopes({ offered, chosen, onChange }: ScopesProps) {
  const known = useRoles().data?.permissions ?? [];
  const describe = (name: string) => known.find((permission) => permission.name === name)?.description;
  return (
    <Choices
      legend="What it may do"
      items={offered.map((value) => ({ value, about: describe(value) }))}
      chosen={chosen}
      onChange={onChange}
    />
  );
}

interface NarrowingProps {
  label: string;
  hint: string;
  text: string;
  onType: (text: string) => void;
}

function Narrowing({ label, hint, text, onType }: NarrowingProps) {
  return (
    <label>
      <span>
        {label} <span className="quiet">{hint}</span>
      </span>
      <input
        value={text}
        onChange={(event) => onType(event.target.value)}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
      />
    </label>
  );
}

function TokenText({ made, onClose }: { made: TokenMade; onClose: () => void }) {
  return (
    <Dialog title="The token" onClose={onClose}>
      <ShownOnce label="Token" text={made.token}>
        <p>
          Keep <Inert text={made.name} limit={60} /> where only its program reads it. It is <strong>shown this once</strong>{" "}
          and ends <Moment at={made.expires_at} />.
        </p>
      </ShownOnce>
      <div className="buttons">
        <button type="button" onClick={onClose}>
          I have kept it
        </button>
      </div>
    </Dialog>
  );
}
