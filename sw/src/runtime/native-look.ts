/** Replacing what pages call, so that it looks and behaves as before. */

/**
 * Puts `handler` before the native function `name` of `target`. A proxy keeps its name, length,
 * properties and `[native code]`, and the descriptor stays as it was.
 */
export function intercept<Target extends object>(
  target: Target,
  name: keyof Target,
  handler: (native: (...args: never[]) => unknown, self: unknown, args: unknown[]) => unknown,
): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, name);
  if (descriptor === undefined) return;
  const wrap = (native: unknown): unknown =>
    typeof native === 'function'
      ? new Proxy(native as () => unknown, {
          apply: (callee, self: unknown, args: unknown[]) => handler(callee, self, args),
        })
      : native;
  // A method has a value, an attribute a getter.
  const kind = 'value' in descriptor ? 'value' : 'get';
  // eslint-disable-next-line @typescript-eslint/unbound-method -- bound by whoever calls the proxy
  Object.assign(descriptor, { [kind]: wrap(descriptor[kind]) });
  Object.defineProperty(target, name, descriptor);
}

/** A constructor that behaves as `construct` says and looks like `native`. */
export function interceptConstructor<Native extends abstract new (...args: never[]) => object>(
  native: Native,
  construct: (args: unknown[], newTarget: unknown) => object,
): Native {
  return new Proxy(native, {
    construct: (_, args: unknown[], newTarget) => construct(args, newTarget),
  });
}
