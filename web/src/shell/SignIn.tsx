import { useEffect, useState, type FormEvent } from "react";
import { buildPath } from "../api/client";
import { useSignIn } from "../api/commands";
import { useSignOn } from "../api/queries";
import { Problem } from "../components/Problem";

export function SignIn() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useSignIn();
  const provider = useSignOn().data?.name;

  useEffect(() => {
    document.title = "Sign in · soar";
  }, []);

  function submit(event: FormEvent): void {
    event.preventDefault();
    signIn.mutate({ name, password });
  }

  return (
    <main className="sign-in">
      <h1>Sign in to soar</h1>
      <form onSubmit={submit}>
        <label>
          Name
          <input
            value={name}
            onChange={(event) => setName(event.target.value)}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            autoFocus
          />
        </label>
        <label>
          Password
          <input
            type="password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            autoComplete="current-password"
            required
          />
        </label>
        {signIn.error && <Problem error={signIn.error} />}
        <button type="submit" className="primary" disabled={signIn.isPending}>
          {signIn.isPending ? "Signing in…" : "Sign in"}
        </button>
      </form>
      {provider && (
        <p>
          <a href={buildPath(["login", "sso", "start"], { to: window.location.pathname + window.location.search })}>
            Log in with {provider}
          </a>
        </p>
      )}
    </main>
  );
}
