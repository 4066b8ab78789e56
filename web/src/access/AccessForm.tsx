import { useEffect, useState, type FormEvent } from "react";
import { useRoles } from "../api/account";
import { buildPath } from "../api/client";
import { navigate } from "../router/location";

/** May `user` do `permission` to `thing`; an empty user is the reader, an empty thing anything at all. */
export interface Asked {
  user: string;
  permission: string;
  thing: string;
}

/** Where the question is put together; asking puts it into the address. */
export function AccessForm({ asked, mayAsk }: { asked: Asked; mayAsk: boolean }) {
  const [typed, setTyped] = useState(asked);
  const { user, permission, thing } = asked;
  useEffect(() => setTyped({ user, permission, thing }), [user, permission, thing]);
  const known = useRoles().data?.permissions ?? [];

  function submit(event: FormEvent): void {
    event.preventDefault();
    navigate(
      buildPath(["access"], {
        user: typed.user.trim(),
        permission: typed.permission.trim(),
        thing: typed.thing.trim(),
      }),
    );
  }

  return (
    <form className="asking" onSubmit={submit}>
      {mayAsk && (
        <AskField label="Person" hint="empty is you" text={typed.user} onType={(user) => setTyped({ ...typed, user })} />
      )}
      <AskField
        label="Permission"
        hint="such as run:cancel"
        text={typed.permission}
        list="permissions"
        onType={(permission) => setTyped({ ...typed, permission })}
      />
      <AskField
        label="Thing"
        hint="kind:id; empty is any"
        text={typed.thing}
        onType={(thing) => setTyped({ ...typed, thing })}
      />
      <datalist id="permissions">
        {known.map(({ name, description }) => (
          <option key={name} value={name}>
            {description}
          </option>
        ))}
      </datalist>
      <button type="submit" className="primary" disabled={typed.permission.trim() === ""}>
        Ask
      </button>
    </form>
  );
}

interface AskFieldProps {
  label: string;
  hint: string;
  text: string;
  list?: string;
  onType: (text: string) => void;
}

function AskField({ label, hint, text, list, onType }: AskFieldProps) {
  return (
    <label>
      <span>
        {label} <span className="quiet">{hint}</span>
      </span>
      <input
        value={text}
        list={list}
        onChange={(event) => onType(event.target.value)}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={200}
      />
    </label>
  );
}
