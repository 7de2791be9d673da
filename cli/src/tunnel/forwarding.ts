import { AppError } from '@postern/shared/errors';

/** `SERVICE:PORT`: a service and the local port that is to lead to it. */
export interface Forwarding {
  service: string;
  /** 0: any that is free. */
  port: number;
}

/** @throws AppError `ERR_CLI_USAGE` */
export function parseForwarding(text: string): Forwarding {
  const [, service, digits] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (service === undefined || port > 65_535)
    throw new AppError('ERR_CLI_USAGE', `"${text}" is not of the form SERVICE:PORT, as in db:5432`);
  return { service, port };
}

/** A port number. @throws AppError `ERR_CLI_USAGE` */
export function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new AppError('ERR_CLI_USAGE', `"${text}" is not a port`);
  return Number(text);
}
