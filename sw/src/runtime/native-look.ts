/** Replacing what pages call, so that it looks and behaves as before. */

type Handler = (native: (...args: never[]) => unknown, self: unknown, args: unknown[]) => unknown;

/**
 * Puts `handler` before the native function, or getter, `name` of `target`, and `assign` before its setter. A
 * proxy keeps its name, length, properties and `[native code]`, and the descriptor stays as it was.
 */
export function intercept<Target extends object>(
  target: Target,
  name: keyof Target,
  handler: Handler,
  assign?: Handler,
): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, name);
  if (descriptor === undefined) return;
  const wrap = (native: unknown, by = handler): unknown =>
    typeof native === 'function'
      ? new Proxy(native as () => unknown, {
          apply: (callee, self: unknown, args: unknown[]) => by(callee, self, args),
        })
      : native;
  // A method has a value, an attribute a getter.
  const kind = 'value' in descriptor ? 'value' : 'get';
  // eslint-disable-next-line @typescript-eslint/unbound-method -- bound by whoever calls the proxy
  Object.assign(descriptor, { [kind]: wrap(descriptor[kind]) });
  // eslint-disable-next-line @typescript-eslint/unbound-method -- as above
  if (assign) Object.assign(descriptor, { set: wrap(descriptor.set, assign) });
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
