/** Says in the console why a request to another application got no answer, as browsers do for CORS. */
import type { WorkerLink } from './worker-link.ts';

const reasons: Record<string, string> = {
  opaque:
    'it may not be embedded here: it needs Access-Control-Allow-Origin, or Cross-Origin-Resource-Policy: cross-origin',
  preflight: 'its preflight did not allow this method, header field or these credentials',
  'no-allow-origin':
    'its Access-Control-Allow-Origin does not allow this origin, or not with credentials',
  elsewhere: 'it redirects to another origin, or was not to be redirected',
  refused: 'its operator refuses requests of other applications',
  ERR_ACCESS_NO_POLICY: 'you have no access to that application',
  ERR_ACCESS_REMOVED: 'your access to that application was removed',
  ERR_CONTROLLER_REFUSED: 'that application asks for another sign-in: open it once',
};

export function reportWithheld(link: Pick<WorkerLink, 'listen'>): void {
  link.listen((message) => {
    if (message.type !== 'postern.withheld') return;
    const why = reasons[message.reason] ?? message.reason;
    // eslint-disable-next-line no-console -- the page's console, where people look for such reasons
    console.error(
      `Postern: request to ${message.url} from ${location.origin} was blocked: ${why}.`,
    );
  });
}
