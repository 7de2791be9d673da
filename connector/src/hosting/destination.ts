/**
 * Where a dialer wants to go, in the form of OpenZiti's tunnelers: JSON in the dial's application data, or at the
 * head of a `tcp` stream. Only what the service's config lets dialers choose is taken from it.
 */
import { isIP } from 'node:net';
import { AppError } from '@postern/shared/errors';
import { z } from 'zod';
import { covers, isAllowed, isName, type AllowedTarget } from './allowed-targets.ts';

const MAX_BYTES = 4096;

const destinationSchema = z.object({
  dst_protocol: z.string().max(16).optional(),
  dst_hostname: z.string().max(253).optional(),
  dst_ip: z.string().max(64).optional(),
  dst_port: z
    .union([z.string().regex(/^\d{1,5}$/), z.int()])
    .transform(Number)
    .optional(),
});

/** What dialers may choose; what is fixed has its value. */
export interface Forwarding {
  readonly address: string | { readonly among: readonly string[] };
  readonly port: number | { readonly among: readonly { low: number; high: number }[] };
  /** Of this machine: holds whatever the config says. */
  readonly reach: readonly AllowedTarget[];
}

/**
 * The address of one dial.
 * @param data as the dialer sent it
 * @throws AppError `ERR_DESTINATION_REFUSED`: nothing is said of it, it is unreadable, or not among what is allowed
 */
export function chooseDestination(
  { address, port, reach }: Forwarding,
  data: Uint8Array | undefined,
): { host: string; port: number } {
  const wanted = parse(data);
  if (wanted.dst_protocol !== undefined && wanted.dst_protocol !== 'tcp') {
    throw refused(`protocol ${JSON.stringify(wanted.dst_protocol)} is not carried`);
  }
  const chosen = {
    host: typeof address === 'string' ? address : chooseHost(address.among, wanted),
    port: typeof port === 'number' ? port : choosePort(port.among, wanted.dst_port),
  };
  if (!isAllowed(reach, chosen)) throw refused('this connector may not connect there');
  return chosen;
}

function chooseHost(
  among: readonly string[],
  { dst_hostname: name, dst_ip: ip }: z.infer<typeof destinationSchema>,
): string {
  const host = (name || ip)?.toLowerCase();
  if (!host) throw refused('the dialer named no address');
  if (isIP(host) === 0 && !isName(host)) throw refused('the address is neither a name nor an IP');
  if (!among.some((pattern) => covers(pattern, host))) {
    throw refused('the address is not among those of the service');
  }
  return host;
}

function choosePort(
  among: readonly { low: number; high: number }[],
  port: number | undefined,
): number {
  if (port === undefined) throw refused('the dialer named no port');
  if (port < 1 || !among.some(({ low, high }) => port >= low && port <= high)) {
    throw refused('the port is not among those of the service');
  }
  return port;
}

function parse(data: Uint8Array | undefined): z.infer<typeof destinationSchema> {
  if (data === undefined || data.length === 0) return {};
  if (data.length > MAX_BYTES) throw refused(`the destination is longer than ${MAX_BYTES} bytes`);
  try {
    return destinationSchema.parse(
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data)),
    );
  } catch (cause) {
    throw new AppError('ERR_DESTINATION_REFUSED', 'the destination is unreadable', { cause });
  }
}

function refused(why: string): AppError {
  return new AppError('ERR_DESTINATION_REFUSED', why);
}
