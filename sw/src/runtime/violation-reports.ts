/**
 * Reports of policy violations. Browsers send them past the service worker (Firefox all, Chromium those of
 * `report-to`), where the application would never get them; so the worker is asked to send them.
 */
import type { Farewell } from '../messages/page.ts';

export interface ViolationReportOptions {
  /** Whether the browser leads reports to `report-uri` past the worker. */
  isReportUriLost: boolean;
  /** Name → URL, as `Reporting-Endpoints` says. */
  endpoints: ReadonlyMap<string, string>;
  send: (message: Farewell) => boolean;
}

/** The dictionary of one entry each (RFC 8941 §3.2), as far as URLs in it go. */
export function parseEndpoints(value: string, base: string): Map<string, string> {
  const found = [...value.matchAll(/(?:^|,)\s*([a-z*][\w\-.*]*)\s*=\s*"([^"\\]*)"/g)];
  return new Map(
    found.flatMap(([, name = '', url = '']) =>
      URL.canParse(url, base) ? [[name, new URL(url, base).href] as const] : [],
    ),
  );
}

export function forwardViolationReports(
  scope: Window & typeof globalThis,
  { isReportUriLost, endpoints, send }: ViolationReportOptions,
): void {
  const { origin } = scope.location;
  const post = (target: string, type: string, report: unknown): void => {
    if (!URL.canParse(target, scope.location.href)) return;
    const url = new URL(target, scope.location.href);
    if (url.origin !== origin) return;
    send({
      type: 'postern.farewell',
      id: crypto.randomUUID(),
      url: url.href,
      method: 'POST',
      headers: [['content-type', type]],
      credentials: 'include',
      body: new Blob([JSON.stringify(report)]),
    });
  };

  scope.document.addEventListener(
    'securitypolicyviolation',
    (event) => {
      const directive = (name: string): string[] =>
        new RegExp(`(?:^|;)\\s*${name}\\s+([^;]*)`, 'i')
          .exec(event.originalPolicy)?.[1]
          ?.trim()
          .split(/\s+/) ?? [];
      const [group] = directive('report-to');
      const endpoint = group === undefined ? undefined : endpoints.get(group);
      if (endpoint !== undefined) {
        post(endpoint, 'application/reports+json', [newReport(scope, event)]);
      } else if (isReportUriLost && group === undefined) {
        for (const target of directive('report-uri')) {
          post(target, 'application/csp-report', { 'csp-report': oldReport(event) });
        }
      }
    },
    true,
  );
}

/** CSP Level 3 §5.3 "obtain the deprecated serialization of violation". */
function oldReport(event: SecurityPolicyViolationEvent): object {
  return {
    'document-uri': event.documentURI,
    referrer: event.referrer,
    'blocked-uri': event.blockedURI,
    'effective-directive': event.effectiveDirective,
    'violated-directive': event.violatedDirective,
    'original-policy': event.originalPolicy,
    disposition: event.disposition,
    'status-code': event.statusCode,
    'script-sample': event.sample,
    ...(event.sourceFile !== '' && {
      'source-file': event.sourceFile,
      'line-number': event.lineNumber,
      'column-number': event.columnNumber,
    }),
  };
}

/** Reporting API §2.2, CSP Level 3 §5.4. */
function newReport(scope: Window, event: SecurityPolicyViolationEvent): object {
  return {
    age: 0,
    type: 'csp-violation',
    url: event.documentURI,
    user_agent: scope.navigator.userAgent,
    body: {
      documentURL: event.documentURI,
      referrer: event.referrer,
      blockedURL: event.blockedURI,
      effectiveDirective: event.effectiveDirective,
      originalPolicy: event.originalPolicy,
      sourceFile: event.sourceFile,
      sample: event.sample,
      disposition: event.disposition,
      statusCode: event.statusCode,
      lineNumber: event.lineNumber,
      columnNumber: event.columnNumber,
    },
  };
}
