/**
 * Writes the page runtime into a streamed document as its first script. Only the document's
 * prologue is held back: at most {@link MAX_PROLOGUE_BYTES}, and never longer than
 * {@link PROLOGUE_WAIT_MS} once the first bytes are there.
 */
import { charsetOfContentType, charsetOfPrefix, PRESCAN_BYTES } from './charset.ts';
import { findInsertionPoint, hasUtf16Bom, MAX_PROLOGUE_BYTES } from './insertion-point.ts';

/** How long browsers themselves wait for the first 1,024 bytes. */
const PROLOGUE_WAIT_MS = 500;

/** Next chunk of a body; `undefined` at its end. */
export type ReadChunk = () => Promise<Uint8Array | undefined>;

export interface InjectedDocument {
  /** The document with `script` in place. */
  read: ReadChunk;
  /** `Content-Type` to send: names the document's own encoding. */
  contentType: string;
  /** False for UTF-16 documents, which are passed as they are. */
  injected: boolean;
}

/** Reads the prologue of a document and inserts `script` (a whole `<script>` element, ASCII). */
export async function injectScript(
  read: ReadChunk,
  contentType: string,
  script: string,
): Promise<InjectedDocument> {
  const declared = charsetOfContentType(contentType);
  const { prefix, ended, pending } = await readPrologue(read, declared !== undefined);
  const rest: ReadChunk = () => {
    if (pending.next === undefined) return ended ? Promise.resolve(undefined) : read();
    const next = pending.next;
    pending.next = undefined;
    return next;
  };
  if (hasUtf16Bom(prefix) || declared?.startsWith('utf-16') === true) {
    return { read: concat([prefix], rest), contentType, injected: false };
  }
  const found = declared ?? charsetOfPrefix(prefix);
  const at = findInsertionPoint(prefix, true) ?? 0;
  return {
    read: concat(
      [prefix.subarray(0, at), new TextEncoder().encode(script), prefix.subarray(at)],
      rest,
    ),
    contentType:
      declared === undefined && found !== undefined
        ? `${contentType}; charset=${found}`
        : contentType,
    injected: true,
  };
}

interface Prologue {
  prefix: Uint8Array;
  ended: boolean;
  /** A read that was under way when the wait ended. */
  pending: { next: Promise<Uint8Array | undefined> | undefined };
}

async function readPrologue(read: ReadChunk, charsetIsKnown: boolean): Promise<Prologue> {
  let prefix = new Uint8Array(0);
  let deadline: Promise<'late'> | undefined;
  for (;;) {
    const isComplete =
      findInsertionPoint(prefix, false) !== undefined &&
      (charsetIsKnown || prefix.length >= PRESCAN_BYTES || charsetOfPrefix(prefix) !== undefined);
    if (isComplete || prefix.length >= MAX_PROLOGUE_BYTES)
      return { prefix, ended: false, pending: { next: undefined } };
    const next = read();
    const chunk = await (deadline === undefined ? next : Promise.race([next, deadline]));
    if (chunk === 'late') return { prefix, ended: false, pending: { next } };
    if (chunk === undefined) return { prefix, ended: true, pending: { next: undefined } };
    deadline ??= new Promise((resolve) => setTimeout(resolve, PROLOGUE_WAIT_MS, 'late' as const));
    prefix = join(prefix, chunk);
  }
}

/** `parts` first, then what `rest` gives. */
function concat(parts: Uint8Array[], rest: ReadChunk): ReadChunk {
  const queue = parts.filter((part) => part.length > 0);
  return () => {
    const first = queue.shift();
    return first === undefined ? rest() : Promise.resolve(first);
  };
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
