import { isIP } from 'node:net';
import { AppError } from '@postern/shared/errors';

/** Splits `tls:host:port`, IPv6 in brackets. @throws AppError `ERR_DIAL_ADDRESS` */
export function parseTlsAddress(address: string): { host: string; port: number } {
  const [, bracketed, plain, digits] =
    /^tls:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new AppError('ERR_DIAL_ADDRESS', 'not an address of the form tls:host:port');
  }
  return { host, port };
}

/** `tls:host:port` with IPv6 in brackets. */
export function formatTlsAddress(host: string, port: number): string {
  return `tls:${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}
