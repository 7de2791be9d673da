/** `Authorization` for Basic (RFC 7617) and Digest (RFC 7616). */
import { md5 } from '@noble/hashes/legacy.js';
import type { Challenge } from './challenge.ts';

export interface Login {
  user: string;
  password: string;
}

export interface AuthorizationInput {
  challenge: Challenge;
  login: Login;
  method: string;
  /** Path and query, as sent. */
  target: string;
  /** How often this nonce was used, this time included. */
  count: number;
  /** Random text of the client. */
  cnonce: string;
}

export async function authorization(input: AuthorizationInput): Promise<string> {
  const { challenge, login } = input;
  if (challenge.scheme === 'digest') return digest(input);
  return `Basic ${btoa(byteString(`${login.user}:${login.password}`))}`;
}

async function digest(input: AuthorizationInput): Promise<string> {
  const { challenge, login, method, target, count, cnonce } = input;
  const { realm, parameters } = challenge;
  const { nonce = '', opaque, qop, algorithm } = parameters;
  const hash = /^sha-256$/i.test(algorithm ?? '') ? sha256Hex : md5Hex;
  const nc = count.toString(16).padStart(8, '0');
  const a1 = await hash(`${login.user}:${realm}:${login.password}`);
  const a2 = await hash(`${method}:${target}`);
  const middle = qop === undefined ? nonce : `${nonce}:${nc}:${cnonce}:auth`;
  const response = await hash(`${a1}:${middle}:${a2}`);
  return [
    `Digest username=${quote(login.user)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(target)}`,
    ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
    ...(qop === undefined ? [] : [`qop=auth`, `nc=${nc}`, `cnonce=${quote(cnonce)}`]),
    ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
    `response="${response}"`,
  ].join(', ');
}

const quote = (text: string): string => `"${byteString(text).replace(/["\\]/g, '\\$&')}"`;

/** UTF-8 as the bytes of a header field; control characters have no place in one. */
function byteString(text: string): string {
  const clean = text.replace(/[\0-\x1f\x7f]/g, '');
  return String.fromCharCode(...new TextEncoder().encode(clean));
}

async function sha256Hex(text: string): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
}

function md5Hex(text: string): Promise<string> {
  return Promise.resolve(hex(md5(new TextEncoder().encode(text))));
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
