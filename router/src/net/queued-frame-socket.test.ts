import { describe, expect, it } from 'vitest';
import { BufferBudget } from './buffer-budget.ts';
import { QueuedFrameSocket } from './queued-frame-socket.ts';

/** A connection whose network takes bytes when the test says so. */
class SlowSocket extends QueuedFrameSocket {
  readonly written: Uint8Array[] = [];
  finished = false;
  #given = 0;

  constructor(budget: BufferBudget) {
    super('192.0.2.1', { cork: () => undefined, uncork: () => undefined }, budget);
  }

  /** The network takes all that was given. */
  flush(): void {
    this.#given = 0;
    this.flushed();
  }

  protected get givenBytes(): number {
    return this.#given;
  }
  protected get isWritable(): boolean {
    return !this.finished;
  }
  protected write(frame: Uint8Array): void {
    this.written.push(frame);
    this.#given += frame.length;
  }
  protected finish(): void {
    this.finished = true;
  }
  protected terminate(): void {
    this.finished = true;
  }
}

const BULK = 64 * 1024;
const frame = (mark: number, bytes: number): Uint8Array => new Uint8Array(bytes).fill(mark);
const marks = (socket: SlowSocket): number[] => socket.written.map(([mark]) => mark!);

function busy(): { socket: SlowSocket; budget: BufferBudget } {
  const budget = new BufferBudget(1e9);
  const socket = new SlowSocket(budget);
  for (let i = 0; i < 100; i++)
    for (let label = 1; label <= 8; label++) socket.send(frame(label, BULK), label);
  return { socket, budget };
}

describe('a connection that is slower than what comes for it', () => {
  it('sends at once as long as the network takes it', () => {
    const socket = new SlowSocket(new BufferBudget(1e9));
    socket.send(frame(1, 10), 1);
    socket.send(frame(2, 10));
    expect(marks(socket)).toEqual([1, 2]);
  });

  it('is given little at a time, and a keystroke next, behind 50 MiB of eight others', () => {
    const { socket, budget } = busy();
    expect(socket.written).toHaveLength(4);
    expect(socket.bufferedBytes).toBe(800 * BULK);
    socket.send(frame(9, 100), 9);
    expect(budget.bytes).toBe(socket.bufferedBytes);
    // Those that came before it and had nothing yet have one turn each.
    for (let i = 0; i < 3; i++) socket.flush();
    expect(marks(socket).indexOf(9)).toBe(4 + 8);
    socket.send(frame(10, 100), 10);
    const before = socket.written.length;
    socket.flush();
    expect(marks(socket)[before]).toBe(10);
    expect(socket.flushedBytes).toBe(
      socket.written.slice(0, before).reduce((sum, one) => sum + one.length, 0),
    );
  });

  it('sends the end of a circuit after its data, and what is of no circuit before', () => {
    const { socket } = busy();
    socket.send(frame(101, 50), 1);
    socket.send(frame(100, 50));
    for (let i = 0; i < 300; i++) socket.flush();
    const sent = marks(socket);
    expect(sent.lastIndexOf(1)).toBeLessThan(sent.indexOf(101));
    expect(sent.indexOf(100)).toBe(4);
    expect(sent).toHaveLength(802);
    expect(socket.bufferedBytes).toBe(0);
  });

  it('gives all that waits before it closes in order, and keeps nothing when it is cut', () => {
    const ended = busy();
    ended.socket.end();
    expect(ended.socket.written).toHaveLength(800);
    expect(ended.socket.finished).toBe(true);
    ended.socket.destroy();
    const cut = busy();
    cut.socket.destroy();
    cut.socket.flush();
    expect(cut.socket.written).toHaveLength(4);
    expect(cut.budget.bytes).toBe(0);
  });
});
