/** Event handler attributes (`onstatechange`) for objects and scopes that are made here. */
export function addEventHandlers(target: object, types: readonly string[]): void {
  for (const type of types) {
    const handlers = new WeakMap<EventTarget, { handler: unknown; listener: EventListener }>();
    Object.defineProperty(target, `on${type}`, {
      configurable: true,
      enumerable: true,
      get(this: EventTarget) {
        return handlers.get(this)?.handler ?? null;
      },
      set(this: EventTarget, handler: unknown) {
        const known = handlers.get(this);
        if (known !== undefined) this.removeEventListener(type, known.listener);
        handlers.delete(this);
        if (typeof handler !== 'function') return;
        const listener = (event: Event): void =>
          void Reflect.apply(handler as (event: Event) => unknown, this, [event]);
        handlers.set(this, { handler, listener });
        this.addEventListener(type, listener);
      },
    });
  }
}

/** Makes `own` look as if it were the interface `name` of the browser. */
export function passFor(own: { prototype: object }, name: string): void {
  const native = (globalThis as Record<string, unknown>)[name];
  if (typeof native === 'function') {
    const { prototype } = native as unknown as { prototype: object };
    Object.setPrototypeOf(own.prototype, prototype);
    // `constructor` is inherited from there.
    Reflect.deleteProperty(own.prototype, 'constructor');
  } else {
    Object.defineProperty(own, 'name', { value: name });
    Object.defineProperty(own.prototype, Symbol.toStringTag, { value: name, configurable: true });
    Object.defineProperty(globalThis, name, { value: own, configurable: true, writable: true });
  }
}
