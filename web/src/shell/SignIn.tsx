import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { ApiError } from "../api/error";
import type { Credentials, SecondFactor } from "../api/accountTypes";
import { useSignOn } from "../api/queries";
import { challengeSignIn, useSignIn } from "../api/session";
import { Link } from "../router/Link";
import { FactorForm } from "./FactorForm";
import { PasswordForm } from "./PasswordForm";
import { signOnPath } from "./signOnPath";

/** Asks for name and password, then for a second factor where the person has one. */
export function SignIn() {
  const [given, setGiven] = useState<Credentials>({ name: "", password: "" });
  const signIn = useSignIn();
  const challenge = useMutation({ meta: { isSignIn: true }, mutationFn: challengeSignIn });
  const provider = useSignOn().data?.name;
  const error = wantsFactor(signIn.error) ? challenge.error : signIn.error;

  useEffect(() => {
    document.title = "Sign in · soar";
  }, []);

  function send(factor: SecondFactor): void {
    signIn.mutate(
      { ...given, ...factor },
      { onError: (refusal) => wantsFactor(refusal) && challenge.mutate(given) },
    );
  }

  function startOver(): void {
    signIn.reset();
    challenge.reset();
    setGiven({ ...given, password: "" });
  }

  if (challenge.data) {
    return (
      <main className="sign-in">
        <h1>One more proof</h1>
        <FactorForm
          kinds={challenge.data.kinds}
          ask={() => challengeSignIn(given)}
          command={{ isPending: signIn.isPending, error }}
          onSend={send}
          onStartOver={startOver}
        />
      </main>
    );
  }
  return (
    <main className="sign-in">
      <h1>Sign in to soar</h1>
      <PasswordForm
        given={given}
        onChange={setGiven}
        command={{ isPending: signIn.isPending || challenge.isPending, error }}
        onSend={() => send({})}
      />
      {provider && (
        <p>
          <a href={signOnPath()}>Log in with {provider}</a>
        </p>
      )}
      <p>
        <Link to="/join">I have an invitation</Link>
      </p>
    </main>
  );
}

/** Whether the password was right, and not enough. */
function wantsFactor(error: Error | null): boolean {
  return error instanceof ApiError && error.code === "second_factor_required";
}
