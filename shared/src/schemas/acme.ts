/** How a listener that browsers connect to gets its certificate by ACME (RFC 8555). */
import { z } from 'zod';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const NAME = new RegExp(String.raw`^(?:\*\.)?${LABEL}(?:\.${LABEL})+$`);
const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';

const file = z.string().min(1).max(4096);

export const acmeSchema = z
  .strictObject({
    /** Directory of the ACME server; Let's Encrypt by default. */
    directoryUrl: z
      .url({ protocol: /^https$/, error: 'must be the https URL of an ACME directory' })
      .max(512)
      .default(LETS_ENCRYPT),
    /** PEM file of the authority of a private ACME server's own certificate; the system's by default. */
    caFile: file.optional(),
    /** Where the ACME server writes to when something is wrong. */
    email: z.email().max(254).optional(),
    /** That you agree to the terms of the ACME server. */
    agreeToTerms: z.literal(true, {
      error: "must be true: read the terms of the ACME server's operator, then say that you agree",
    }),
    /** Host names of the certificate. `*.apps.example.com` is for the names one label below. */
    names: z
      .array(
        z
          .string()
          .max(253)
          .regex(
            NAME,
            'must be a host name in lower case, such as login.example.com or *.example.com',
          ),
      )
      .min(1)
      .max(100)
      .refine((names) => new Set(names).size === names.length, { error: 'has a name twice' }),
    /** Folder for account key, key and certificate; made with mode 0700 if missing. */
    stateDir: file,
    /** Address and port where the ACME server finds HTTP-01 answers: it asks at port 80 of each name. */
    httpHost: z.string().min(1).max(255).default('0.0.0.0'),
    httpPort: z.int().min(0).max(65_535).optional(),
    /**
     * Program run as `HOOK add|remove NAME VALUE` to set and remove a TXT record for DNS-01. It ends when the
     * record can be asked for at the zone's name servers, with 0 if it did.
     */
    dnsHook: file.optional(),
    /** After which time a running hook is killed. */
    dnsHookTimeoutMs: z.int().min(1_000).max(3_600_000).default(180_000),
  })
  .refine(({ httpPort, dnsHook }) => httpPort !== undefined || dnsHook !== undefined, {
    path: ['httpPort'],
    error: 'is needed unless there is a dnsHook: one of them proves that the names are yours',
  })
  .refine(({ names, dnsHook }) => dnsHook !== undefined || !names.some(isWildcard), {
    path: ['dnsHook'],
    error: 'is needed for names with *: ACME proves them by DNS only',
  });
export type AcmeConfig = z.infer<typeof acmeSchema>;

function isWildcard(name: string): boolean {
  return name.startsWith('*.');
}

/** Refinement of a listener's settings: `tls: acme` and `acme` stand together. */
export function acmeIsWhole({
  tls,
  acme,
}: {
  tls: unknown;
  acme?: AcmeConfig | undefined;
}): boolean {
  return (tls === 'acme') === (acme !== undefined);
}
export const ACME_NOT_WHOLE = {
  path: ['acme'],
  error: "tls: acme and the settings 'acme' go together: set both, or none",
};
