const secretName = /password|secret|token|privatekey/i;

/** A copy for printing: values whose member name says they are secret become `"(redacted)"`; file names stay. */
export function redact(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => redact(item, name));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, redact(member, key)]),
    );
  }
  return typeof value === 'string' && secretName.test(name) && !/file$/i.test(name)
    ? '(redacted)'
    : value;
}
