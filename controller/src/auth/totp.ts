/** Authenticator apps (TOTP, RFC 6238): SHA-1, 6 digits, 30 s, as every app supports. */
import { Secret, TOTP } from 'otpauth';
import QRCode from 'qrcode';

const PERIOD_SECONDS = 30;
const DIGITS = 6;
/** Steps before and after the present one that are accepted, for clocks that differ. */
const WINDOW_STEPS = 1;
const SECRET_BYTES = 20;

/** A new base32 secret, 160 random bits (RFC 4226 §4 R6). */
export function newTotpSecret(): string {
  return new Secret({ size: SECRET_BYTES }).base32;
}

/** `otpauth://` URL that authenticator apps read. */
export function provisioningUrl(secret: string, issuer: string, label: string): string {
  return totp(secret, issuer, label).toString();
}

/** The time step a code is good for, or `undefined` when it is good for none. Constant time. */
export function stepOf(secret: string, code: string, nowMs: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const delta = totp(secret).validate({ token: code, timestamp: nowMs, window: WINDOW_STEPS });
  return delta === null ? undefined : Math.floor(nowMs / 1000 / PERIOD_SECONDS) + delta;
}

/** The code of a moment, for tests and tools. */
export function codeAt(secret: string, nowMs: number): string {
  return totp(secret).generate({ timestamp: nowMs });
}

/** A QR code as PNG. */
export function qrCodePng(text: string): Promise<Buffer> {
  return QRCode.toBuffer(text, { type: 'png', errorCorrectionLevel: 'M', width: 256, margin: 4 });
}

/** A QR code as the path of an SVG image that is `size` units wide and high, for pages that load no images. */
export function qrCodePath(text: string): { size: number; path: string } {
  const { modules } = QRCode.create(text, { errorCorrectionLevel: 'M' });
  const { size } = modules;
  let path = '';
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) if (modules.get(y, x)) path += `M${x} ${y}h1v1h-1z`;
  }
  return { size, path };
}

function totp(secret: string, issuer = '', label = ''): TOTP {
  return new TOTP({
    issuer,
    label,
    algorithm: 'SHA1',
    digits: DIGITS,
    period: PERIOD_SECONDS,
    secret: Secret.fromBase32(secret),
  });
}
