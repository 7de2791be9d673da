import { isForbiddenField } from '@postern/shared/protocol/http';

/** Which header fields pass between browser and app. Names here are lower case. */

/** True for fields that belong to one connection and never pass (RFC 9110 §7.6.1). */
export function isHopByHop(name: string): boolean {
  return isForbiddenField(name) || name === 'trailer';
}

/**
 * Servers that turn fields into CGI variables read `_`, `-` and any case alike, so names that only
 * differ in these count as the same (threat model, "Gateway HTTP").
 */
export function canonicalName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** Fields only a trusted hop may set: a browser's copy is dropped. */
export function isReservedForHops(name: string): boolean {
  const canonical = canonicalName(name);
  return (
    canonical.startsWith('postern-') ||
    canonical.startsWith('x-forwarded-') ||
    canonical === 'forwarded' ||
    canonical === 'x-real-ip'
  );
}

/**
 * Response fields that would act on the layer that carries the app, not on the app: another route
 * around it (RFC 7838). `clear-site-data` and `service-worker-allowed` pass: the service worker obeys
 * them for what is the app's own and keeps them from the browser.
 */
export function actsOnOurLayer(name: string): boolean {
  return name === 'alt-svc' || name.startsWith('postern-');
}
