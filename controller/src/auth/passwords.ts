import { hash, verify } from '@node-rs/argon2';
import type { PrimaryAuth } from '../model/auth-policies.ts';

/** argon2id, OWASP's first choice: 19 MiB, 2 passes, 1 lane. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

export function hashPassword(password: string): Promise<string> {
  return hash(password, COST);
}

/**
 * Compares a password with a hash. Without a hash it does the same work and answers false, so that
 * the time tells nothing about whether a user exists.
 */
export async function verifyPassword(
  passwordHash: string | undefined,
  password: string,
): Promise<boolean> {
  const matches = await verify(passwordHash ?? (await dummyHash()), password).catch(() => false);
  return matches && passwordHash !== undefined;
}

let dummy: Promise<string> | undefined;
function dummyHash(): Promise<string> {
  return (dummy ??= hashPassword('no user has this hash'));
}

/** Why a new password breaks the policy; `undefined` when it does not. */
export function passwordProblem(password: string, policy: PrimaryAuth['updb']): string | undefined {
  if (password.length < policy.minPasswordLength)
    return `must be at least ${policy.minPasswordLength} characters`;
  if (
    policy.requireMixedCase &&
    (password === password.toLowerCase() || password === password.toUpperCase())
  ) {
    return 'must have upper and lower case letters';
  }
  if (policy.requireNumberChar && !/\d/.test(password)) return 'must have a digit';
  if (policy.requireSpecialChar && !/[^\p{L}\p{N}\s]/u.test(password))
    return 'must have a special character';
  return undefined;
}
