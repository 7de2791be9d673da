import type { Random } from '../harness/random.ts';

/** Bytes that decoders stumble over: ends of ranges, ends of UTF-8, ends of lines. */
const ODD_BYTES = [0, 1, 2, 3, 0x0a, 0x0d, 0x20, 0x22, 0x3b, 0x7f, 0x80, 0xc0, 0xed, 0xfe, 0xff];
const ODD_U32 = [0, 1, 0x7f, 0xff, 0x100, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const MAX_BYTES = 4_096;

/** A malformed message: one of `seeds` changed in a few places, or nothing but noise. */
export function malformed(random: Random, seeds: readonly Uint8Array[]): Uint8Array {
  if (seeds.length === 0 || random.chance(0.05)) return noise(random, random.below(200));
  let bytes: Uint8Array = random.pick(seeds).slice();
  for (let changes = 1 + random.below(4); changes > 0; changes -= 1)
    bytes = changed(random, bytes, seeds);
  return bytes.length > MAX_BYTES ? bytes.subarray(0, MAX_BYTES) : bytes;
}

function changed(random: Random, bytes: Uint8Array, seeds: readonly Uint8Array[]): Uint8Array {
  const at = random.below(Math.max(1, bytes.length));
  switch (random.below(8)) {
    case 0:
      if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    case 1:
      if (bytes.length > 0) bytes[at] = random.pick(ODD_BYTES);
      return bytes;
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return join(bytes, noise(random, random.below(40)));
    case 4: {
      // A length or count that says something else.
      if (bytes.length < 4) return bytes;
      const offset = random.below(bytes.length - 3);
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(
        offset,
        random.pick(ODD_U32),
        random.chance(0.7),
      );
      return bytes;
    }
    case 5:
      return join(bytes.subarray(0, at), noise(random, random.below(8)), bytes.subarray(at));
    case 6:
      return join(bytes.subarray(0, at), random.pick(seeds).subarray(random.below(40)));
    default:
      return join(bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8)));
  }
}

function noise(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

function join(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
