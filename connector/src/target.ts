/** Where a service's traffic goes on this machine or its network. Comes from local config only. */
export type Target =
  { kind: 'http'; origin: string; host: string; socketPath?: string } | TcpTarget;

/** What `net.connect` takes. */
export type TcpTarget = { kind: 'tcp' } & ({ host: string; port: number } | { path: string });

/**
 * Parses `http://host:port`, `https://host:port`, `unix:/path` (HTTP over a Unix socket),
 * `tcp://host:port` or `tcp+unix:/path`. Throws `TypeError` with the reason: a config schema turns it into a problem.
 */
export function parseTarget(text: string): Target {
  if (text.startsWith('unix:/')) {
    return {
      kind: 'http',
      origin: 'http://localhost',
      host: 'localhost',
      socketPath: text.slice(5),
    };
  }
  if (text.startsWith('tcp+unix:/')) return { kind: 'tcp', path: text.slice(9) };
  if (!URL.canParse(text)) throw new TypeError('is not a URL');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') throw new TypeError('may not hold credentials');
  if ((url.pathname !== '/' && url.pathname !== '') || url.search !== '' || url.hash !== '') {
    throw new TypeError('may not hold a path, query or fragment');
  }
  switch (url.protocol) {
    case 'http:':
    case 'https:':
      return { kind: 'http', origin: url.origin, host: url.host };
    case 'tcp:':
      if (url.hostname === '' || url.port === '') throw new TypeError('needs a host and a port');
      return { kind: 'tcp', host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) };
    default:
      throw new TypeError('must begin with http:, https:, unix:, tcp: or tcp+unix:');
  }
}
