/** Security keys and passkeys, as the browser speaks to them (W3C Web Authentication, level 3). */
import type { Json } from "../api/types";

/** Whether this browser, at this address, can ask a security key anything. */
export function hasKeys(): boolean {
  return typeof PublicKeyCredential !== "undefined" && "parseRequestOptionsFromJSON" in PublicKeyCredential;
}

/**
 * Lets a security key sign what the server challenged it with.
 *
 * @throws Error in words, if there was no key or nobody touched it.
 */
export async function signWithKey(options: Json): Promise<Json> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options as unknown as PublicKeyCredentialRequestOptionsJSON,
  );
  return ask(() => navigator.credentials.get({ publicKey }));
}

/**
 * Lets a security key make a key pair for this service.
 *
 * @throws Error in words, if there was no key or nobody touched it.
 */
export async function makeKey(options: Json): Promise<Json> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options as unknown as PublicKeyCredentialCreationOptionsJSON,
  );
  return ask(() => navigator.credentials.create({ publicKey }));
}

async function ask(question: () => Promise<Credential | null>): Promise<Json> {
  let credential: Credential | null;
  try {
    credential = await question();
  } catch (error) {
    throw new Error(explain(error), { cause: error });
  }
  return (credential as PublicKeyCredential).toJSON() as unknown as Json;
}

function explain(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  switch (name) {
    case "InvalidStateError":
      return "This security key is added already.";
    case "SecurityError":
      return "Browsers use security keys at https addresses with a name only. An authenticator program works here.";
    default:
      return "The security key did not answer in time, or it was cancelled. Nothing was sent.";
  }
}
