/** Shapes of what is about people themselves: factors, sign-ins, tokens, accounts, roles. */
import type { Json } from "./types";

/** `totp`: an authenticator program; `webauthn`: a security key or passkey. */
export type FactorKind = "totp" | "webauthn";

/** Which second factors count; `passkey` is what a security key is to sign, null without one. */
export interface Challenge {
  kinds: FactorKind[];
  passkey: Json;
}

export interface Credentials {
  name: string;
  password: string;
}

/** What stands beside a password: a code, or what a security key signed. */
export interface SecondFactor {
  code?: string;
  assertion?: Json;
}

export interface Factor {
  id: string;
  kind: FactorKind;
  name: string;
  created_at: string;
  used_at: string | null;
}

export interface Factors {
  items: Factor[];
  recovery_codes: number;
}

/** A new secret for an authenticator program; `uri` is what its picture holds. */
export interface TotpOffer {
  id: string;
  secret: string;
  uri: string;
}

/** A factor that counts; recovery codes where it is the first. */
export interface FactorAdded {
  factor: Factor;
  recovery_codes: string[];
}

/** A sign-in in a browser. */
export interface Login {
  id: string;
  created_at: string;
  authenticated_at: string;
  mfa_at: string | null;
  idle_at: string;
  expires_at: string;
  ip: string | null;
  agent: string;
  is_current: boolean;
}

export interface Token {
  id: string;
  name: string;
  scopes: string[];
  created_at: string;
  expires_at: string;
  used_at: string | null;
  used_ip: string | null;
  networks: string[];
  revoked_at: string | null;
  within: string | null;
}

export interface TokenWanted {
  name: string;
  scopes: string[];
  days: number;
  networks: string[];
  within: string | null;
}

/** A new token; `token` is its text, which is shown this once. */
export interface TokenMade {
  token: string;
  id: string;
  name: string;
  expires_at: string;
}

export interface User {
  id: string;
  name: string;
  email: string;
  roles: string[];
  kind: "person" | "service" | "emergency";
  owner: string | null;
  created_at: string;
  disabled_at: string | null;
  expires_at: string | null;
  /** Whether they have set a password. */
  may_log_in: boolean;
  is_invited: boolean;
  /** How many second factors they have. */
  factors: number;
  grants: string[];
  teams: string[];
}

export interface UserWanted {
  name: string;
  email: string;
  roles: string[];
}

/** An account; `code`, shown this once, sets a person's password until `expires_at`. */
export interface Invited {
  user: User;
  code: string | null;
  expires_at: string | null;
}

export type Risk = "read" | "change" | "critical";

/** Every role with what it allows, and every permission there is in words. */
export interface Roles {
  items: { name: string; permissions: string[]; scope: string | null }[];
  permissions: { name: string; description: string; risk: Risk }[];
}

/** A decision with everything that led to it. */
export interface Access {
  user: string;
  permission: string;
  thing: string | null;
  is_allowed: boolean;
  reason: string | null;
  reasons: { is_met: boolean; text: string }[];
}
