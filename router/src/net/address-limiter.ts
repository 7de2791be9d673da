/** Bounds sockets that have not authenticated yet, in total and per network address. */
import { isIPv6 } from 'node:net';

interface AddressLimits {
  total: number;
  perAddress: number;
}

/**
 * The table is bounded by `total`: an entry exists only while a slot is held.
 */
export class AddressLimiter {
  readonly #limits: AddressLimits;
  readonly #perAddress = new Map<string, number>();
  #total = 0;

  constructor(limits: AddressLimits) {
    this.#limits = limits;
  }

  get held(): number {
    return this.#total;
  }

  /** Takes a slot; returns its idempotent release, or `undefined` when there is none left. */
  acquire(address: string | undefined): (() => void) | undefined {
    const key = addressKey(address ?? 'unknown');
    const count = this.#perAddress.get(key) ?? 0;
    if (this.#total >= this.#limits.total || count >= this.#limits.perAddress) return undefined;
    this.#total++;
    this.#perAddress.set(key, count + 1);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#total--;
      const left = (this.#perAddress.get(key) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(key);
      else this.#perAddress.set(key, left);
    };
  }
}

/** An IPv4 address as it is, an IPv6 address as its /64, a mapped IPv4 address as IPv4. */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  const bare = address.split('%', 1)[0] ?? address;
  if (!isIPv6(bare)) return address;
  const [head = '', tail] = bare.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const tailGroups = tail === '' ? [] : tail.split(':');
    // An embedded dotted quad stands for two groups; it is never among the first four here.
    const missing = 8 - groups.length - tailGroups.length - (tail.includes('.') ? 1 : 0);
    for (let i = 0; i < missing; i++) groups.push('0');
    groups.push(...tailGroups);
  }
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
