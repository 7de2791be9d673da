/**
 * What waits for one connection, and in which order it goes: deficit round robin by bytes over circuits, those
 * that had nothing waiting first (as in RFC 8290 §4.1–4.2, without its dropping). A keystroke does not wait
 * behind other circuits' downloads, and no circuit can gain by sending in bursts. Frames of one circuit keep
 * their order. Bounds on bytes are its user's: circuits have windows, routers a total.
 */

/** What a circuit may send in its turn; about a largest frame, so that each turn sends something. */
export const QUANTUM_BYTES = 64 * 1024;

interface Flow {
  readonly label: number;
  readonly frames: FrameFifo;
  deficitBytes: number;
}

export class FairQueue {
  readonly #urgent = new FrameFifo();
  readonly #flows = new Map<number, Flow>();
  /** Circuits that had nothing waiting before. A Set is a ring: delete and add moves to its end. */
  readonly #fresh = new Set<Flow>();
  readonly #old = new Set<Flow>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds a frame of the circuit with that label; without one it goes before those of all circuits, in order
   * with others like it.
   */
  push(frame: Uint8Array, label?: number): void {
    this.#bytes += frame.length;
    if (label === undefined) {
      this.#urgent.push(frame);
      return;
    }
    const known = this.#flows.get(label);
    if (known !== undefined) {
      known.frames.push(frame);
      return;
    }
    const flow: Flow = { label, frames: new FrameFifo(), deficitBytes: QUANTUM_BYTES };
    flow.frames.push(frame);
    this.#flows.set(label, flow);
    this.#fresh.add(flow);
  }

  /** What is to be sent next. */
  take(): Uint8Array | undefined {
    const frame = this.#urgent.shift() ?? this.#takeOfFlows();
    if (frame !== undefined) this.#bytes -= frame.length;
    return frame;
  }

  clear(): void {
    this.#urgent.clear();
    this.#flows.clear();
    this.#fresh.clear();
    this.#old.clear();
    this.#bytes = 0;
  }

  #takeOfFlows(): Uint8Array | undefined {
    for (;;) {
      const isFresh = this.#fresh.size > 0;
      const ring = isFresh ? this.#fresh : this.#old;
      const [flow] = ring;
      if (flow === undefined) return undefined;
      if (flow.deficitBytes <= 0) {
        flow.deficitBytes += QUANTUM_BYTES;
        this.#toOld(flow);
        continue;
      }
      const frame = flow.frames.shift();
      if (frame !== undefined) {
        flow.deficitBytes -= frame.length;
        return frame;
      }
      // One that empties as fresh takes its place behind the others once, or it would go first again and again.
      if (isFresh && this.#old.size > 0) {
        this.#toOld(flow);
      } else {
        ring.delete(flow);
        this.#flows.delete(flow.label);
      }
    }
  }

  #toOld(flow: Flow): void {
    this.#fresh.delete(flow);
    this.#old.delete(flow);
    this.#old.add(flow);
  }
}

/** First in, first out, without moving what waits at each step. */
class FrameFifo {
  #frames: Uint8Array[] = [];
  #head = 0;

  push(frame: Uint8Array): void {
    this.#frames.push(frame);
  }

  shift(): Uint8Array | undefined {
    const frame = this.#frames[this.#head];
    if (frame === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#frames.length) this.clear();
    else if (this.#head >= 1024) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
    return frame;
  }

  clear(): void {
    this.#frames = [];
    this.#head = 0;
  }
}
