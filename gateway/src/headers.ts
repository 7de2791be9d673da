/**
 * The headers of every response, errors included. Without isolation and framing rules on *every*
 * answer of an application's origin, a page could open one of them uncontrolled, script it and
 * unregister the service worker (docs/threat-model.md, "Two facts that shape the design"). Browsers
 * keep documents of one origin together when their isolation is equal, and many applications send
 * `Cross-Origin-Opener-Policy: same-origin` too: the embedder policy makes ours another one.
 */
export function securityHeaders(csp: string, secure: boolean): Record<string, string> {
  return {
    'content-security-policy': csp,
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...(secure && { 'strict-transport-security': 'max-age=31536000' }),
  };
}
