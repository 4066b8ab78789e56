import { useEffect, useState, type FormEvent } from "react";
import { useJoin } from "../api/session";
import { Inert } from "../components/Inert";
import { Problem } from "../components/Problem";
import { Link } from "../router/Link";

/** Where somebody who was invited sets their own password. */
export function JoinPage() {
  const [code, setCode] = useState("");
  const [password, setPassword] = useState("");
  const join = useJoin();

  useEffect(() => {
    document.title = "Join · soar";
  }, []);

  function submit(event: FormEvent): void {
    event.preventDefault();
    join.mutate({ code: code.trim(), password });
  }

  return (
    <main className="sign-in">
      <h1>Set your password</h1>
      {join.data ? (
        <p role="status">
          It is set. <Link to="/">Sign in</Link> as <strong><Inert text={join.data.name} /></strong>.
        </p>
      ) : (
        <form onSubmit={submit}>
          <label>
            <span>
              Code <span className="quiet">of your invitation; it counts once</span>
            </span>
            <input
              value={code}
              onChange={(event) => setCode(event.target.value)}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              required
              autoFocus
            />
          </label>
          <label>
            <span>
              New password <span className="quiet">of at least 12 characters</span>
            </span>
            <input
              type="password"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
              autoComplete="new-password"
              minLength={12}
              required
            />
          </label>
          {join.error && <Problem error={join.error} />}
          <div className="buttons">
            <button type="submit" className="primary" disabled={join.isPending}>
              Set it
            </button>
            <Link to="/">Back to the sign-in</Link>
          </div>
        </form>
      )}
    </main>
  );
}
