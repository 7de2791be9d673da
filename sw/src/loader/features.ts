/** What the worker and the page runtime cannot do without. Names as in the browser's global scope. */
const neededGlobals = [
  'ReadableStream',
  'TransformStream',
  'MessageChannel',
  'WebSocket',
  'WebAssembly',
  'indexedDB',
  'structuredClone',
] as const;

/** Names what this browser lacks; empty when everything is there. */
export function missingFeatures(scope: {
  isSecureContext?: boolean;
  navigator?: object;
  crypto?: { subtle?: unknown };
}): string[] {
  const missing: string[] = neededGlobals.filter((name) => !(name in scope));
  if (scope.isSecureContext !== true) missing.push('secure context');
  if (!scope.crypto?.subtle) missing.push('Web Crypto');
  // Absent in some private windows.
  if (!('serviceWorker' in (scope.navigator ?? {}))) missing.push('service workers');
  return missing;
}
