import { useEffect, useState, type FormEvent } from "react";
import { useSignIn } from "../api/commands";
import { Problem } from "../components/Problem";

export function SignIn() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useSignIn();

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
    </main>
  );
}
