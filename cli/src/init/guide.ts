/** What `postern init` tells a person to do next; the same steps as docs/deployment.md. */
import { KEY_FILE, CERT_FILE, type InitLayout } from './layout.ts';
import type { InitOptions } from './options.ts';

/** Records in the syntax of a zone file (RFC 1035 §5), addresses to be filled in. */
export function dnsRecords({ records }: InitLayout): string {
  const width = Math.max(...records.map(({ name }) => name.length)) + 2;
  return records
    .map(
      ({ name, folder }) =>
        `${`${name}.`.padEnd(width)} 300 IN A ADDRESS-OF-${folder.toUpperCase()}\n`,
    )
    .join('');
}

/** The README of the written folder. */
export function nextSteps(options: InitOptions, layout: InitLayout): string {
  const rows = layout.parts.map(({ folder, part, hosts, ports }) =>
    [
      '',
      folder,
      `postern ${part} run --config ${part}.yaml`,
      ports.map(({ port, from }) => `${port} (${from})`).join(', ') || 'nothing',
      hosts.join(', ') || 'none',
      '',
    ]
      .join(' | ')
      .trim(),
  );
  return `# Postern at ${options.domain}

Each folder here is for one host, and holds secrets: copy it, and delete it here. The tokens in \`enrollment.jwt\` are
good for three hours and for one use; \`postern edge re-enroll\` makes new ones.

1. DNS. Set the records of \`dns.zone\`, with the addresses of your hosts.
2. Certificates. Put a certificate that browsers trust and its key into \`${CERT_FILE}\` and \`${KEY_FILE}\` (mode
   0600) of each folder below whose row names a host; it must be for all hosts of the row.
3. Copy each folder to its host as \`/var/lib/postern/PART\` and run its command there, the controller's first
   (systemd units, containers and Kubernetes: docs/deployment.md).
4. On each host, \`postern doctor --part PART --config PART.yaml\` in that folder tells what is wrong.
5. Open ${layout.apps.map(({ origin }) => `${origin}/`).join(', ')} and sign in as ${options.user}${
    options.oidc === undefined
      ? ', with the password in `user-password`'
      : ` at ${options.oidc.issuer}, which must allow the redirect to ${layout.loginOrigin}/callback`
  }.
   The console is at https://${layout.ctrlHost}:1280/console/: user \`admin\`, password in \`controller/data/admin-password\`.

| folder | command | others must reach | certificate for |
| --- | --- | --- | --- |
${rows.map((row) => `${row}\n`).join('')}`;
}
