/**
 * What our first script needs of an application's Content Security Policy. The policy is widened by
 * exactly the runtime's hash and the worker's own `/.postern/` path, and only where it would
 * otherwise refuse them; it is never made weaker for the application's own content.
 *
 * Terms as in CSP Level 3: a header value is a list of policies, each a list of directives.
 */

/** What the runtime of a web worker asks of a policy. */
export interface WorkerNeeds {
  /** Absolute URL of the runtime for workers. */
  scriptUrl: string;
  /** Absolute URL of our reserved folder, ending in a slash: requests of the runtime go there. */
  connectUrl: string;
  /**
   * Absolute URL of the service worker's script. Firefox takes it for the address of every response that the
   * worker makes, and asks the policy about that too.
   */
  workerUrl: string;
}

/** What the page runtime asks of a policy; and the workers of `blob:` URLs, which inherit it. */
export interface RuntimeNeeds extends WorkerNeeds {
  /** CSP source expression of the inline runtime, `'sha256-…'`. */
  scriptHash: string;
}

/** `value` (one header value, possibly several policies) with what the runtime needs added. */
export function extendPolicy(value: string, needs: RuntimeNeeds): string {
  return value
    .split(',')
    .map((policy) => extendOne(policy, needs))
    .join(',');
}

/** The same for a policy of a web worker's script. */
export function extendWorkerPolicy(value: string, needs: WorkerNeeds): string {
  return value
    .split(',')
    .map((policy) => extendDirectives(policy, needs, (script) => addUrl(script, needs.scriptUrl)))
    .join(',');
}

/** True when every policy in `values` lets the page start a worker from a `blob:` URL. */
export function allowsBlobWorker(values: readonly string[]): boolean {
  return values
    .flatMap((value) => value.split(','))
    .map(parseDirectives)
    .every(mayStartBlobWorker);
}

function mayStartBlobWorker(directives: Directive[]): boolean {
  // Trusted Types take no URL in a string.
  if (directives.some(({ name }) => name === 'require-trusted-types-for')) return false;
  // CSP3 §6.8.3 fallback list of worker-src.
  const sources = firstOf(directives, ['worker-src', 'child-src', 'script-src', 'default-src']);
  return sources === undefined || sources.some((source) => source.toLowerCase() === 'blob:');
}

function extendOne(policy: string, needs: RuntimeNeeds): string {
  return extendDirectives(policy, needs, (script, directives) => {
    const wanted = allowsInline(script.sources, needs.scriptHash) ? [] : [needs.scriptHash];
    if (mayStartBlobWorker(directives)) wanted.push(...addUrl(script, needs.scriptUrl));
    return wanted;
  });
}

/** @param scriptSources what to add to the directive that governs scripts */
function extendDirectives(
  policy: string,
  { connectUrl, workerUrl }: WorkerNeeds,
  scriptSources: (script: Directive, directives: Directive[]) => string[],
): string {
  const directives = parseDirectives(policy);
  const added: string[] = [];

  const script = effective(directives, ['script-src-elem', 'script-src', 'default-src']);
  if (script !== undefined) {
    add(script, scriptSources(script, directives), 'script-src-elem', added);
  }
  const connect = effective(directives, ['connect-src', 'default-src']);
  if (connect !== undefined) {
    const wanted = addUrl(connect, connectUrl);
    if (wanted.length > 0) wanted.push(workerUrl);
    add(connect, wanted, 'connect-src', added);
  }
  for (const directive of directives) {
    if (allowsOwnPaths(directive, new URL(workerUrl).origin)) {
      add(directive, addUrl(directive, workerUrl), directive.name, added);
    }
  }
  if (added.length === 0 && !directives.some(({ changed }) => changed)) return policy;
  return [...directives.map(({ name, sources }) => [name, ...sources].join(' ')), ...added].join(
    '; ',
  );
}

/** Directives of what pages show and fetch that name parts of the own origin alone. */
function allowsOwnPaths({ name, sources }: Directive, origin: string): boolean {
  const isShown = /^(?:connect|font|img|manifest|media|style)-src(?:-elem)?$/.test(name);
  return isShown && sources.some((source) => source.startsWith(`${origin}/`));
}

function addUrl({ sources }: Directive, url: string): string[] {
  return allowsOwnOrigin(sources, url) ? [] : [url];
}

interface Directive {
  name: string;
  sources: string[];
  changed: boolean;
}

/** CSP3 §2.2.1: directives in order; a repeated name counts only the first time. */
function parseDirectives(policy: string): Directive[] {
  const directives: Directive[] = [];
  for (const text of policy.split(';')) {
    const [name, ...sources] = text.trim().split(/[\t\n\f\r ]+/);
    if (name === undefined || name === '') continue;
    if (directives.some((known) => known.name === name.toLowerCase())) continue;
    directives.push({ name: name.toLowerCase(), sources, changed: false });
  }
  return directives;
}

function effective(directives: Directive[], names: readonly string[]): Directive | undefined {
  for (const name of names) {
    const found = directives.find((directive) => directive.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function firstOf(directives: Directive[], names: readonly string[]): string[] | undefined {
  return effective(directives, names)?.sources;
}

/**
 * Adds sources to the directive in force. A `default-src` is left as it is, since it also governs
 * styles, images and all else: a more specific directive repeats its sources instead.
 */
function add(
  directive: Directive,
  wanted: readonly string[],
  specific: string,
  added: string[],
): void {
  if (wanted.length === 0) return;
  const sources = directive.sources.filter((known) => known.toLowerCase() !== "'none'");
  if (directive.name === 'default-src') {
    added.push([specific, ...sources, ...wanted].join(' '));
    return;
  }
  directive.sources = [...sources, ...wanted];
  directive.changed = true;
}

/** CSP3 §6.7.3.3, reduced to an inline script element that has a known hash and no nonce. */
function allowsInline(sources: readonly string[], hash: string): boolean {
  if (sources.includes(hash)) return true;
  const lower = sources.map((source) => source.toLowerCase());
  const listsExactScripts = lower.some(
    (source) => /^'(?:nonce|sha256|sha384|sha512)-/.test(source) || source === "'strict-dynamic'",
  );
  // Adding a hash would switch an effective 'unsafe-inline' off and break the application.
  return lower.includes("'unsafe-inline'") && !listsExactScripts;
}

function allowsOwnOrigin(sources: readonly string[], url: string): boolean {
  return sources.some(
    (source) => source.toLowerCase() === "'self'" || source === '*' || source === url,
  );
}
