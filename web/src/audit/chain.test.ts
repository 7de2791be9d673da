import { describe, expect, it } from 'vitest';
import { canonicalJson, checkChain, readExport, type AuditRecord } from './chain.ts';

const sha256 = async (text: string) =>
  Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))).toString(
    'hex',
  );

async function chainOf(length: number): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  let previousHash = '0'.repeat(64);
  for (let seq = 1; seq <= length; seq += 1) {
    const members = {
      seq,
      createdAt: '2026-01-01T00:00:00.000Z',
      actorKind: 'system',
      actorId: '',
      sessionId: '',
      address: '',
      action: 'create',
      outcome: 'success',
      reason: '',
      entityKind: 'services',
      entityId: `s${seq}`,
      details: { z: [1, null], a: 'ä' },
      previousHash,
    };
    const hash = await sha256(canonicalJson(members));
    records.push({ id: String(seq), ...members, hash, _links: {} });
    previousHash = hash;
  }
  return records;
}

async function* each(records: AuditRecord[]): AsyncGenerator<AuditRecord> {
  yield* records;
}

describe('the chain', () => {
  it('holds as it was written', async () => {
    const records = await chainOf(3);
    expect(await checkChain(each(records))).toEqual({
      ok: true,
      count: 3,
      hash: records[2]?.hash,
    });
  });

  it('breaks at an altered, a missing and a moved record', async () => {
    const altered = await chainOf(3);
    altered[1] = { ...altered[1]!, action: 'delete' };
    expect(await checkChain(each(altered))).toEqual({ ok: false, seq: 2, reason: 'altered' });
    const missing = await chainOf(3);
    missing.splice(1, 1);
    expect(await checkChain(each(missing))).toEqual({ ok: false, seq: 3, reason: 'missing' });
    const computedAnew = await chainOf(3);
    computedAnew[1] = { ...computedAnew[1]!, previousHash: 'f'.repeat(64) };
    expect(await checkChain(each(computedAnew))).toEqual({ ok: false, seq: 2, reason: 'chain' });
  });
});

it('reads an export however it is cut', async () => {
  const records = await chainOf(4);
  const bytes = new TextEncoder().encode(records.map((one) => `${JSON.stringify(one)}\n`).join(''));
  for (const size of [1, 7, bytes.length]) {
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size)
          controller.enqueue(bytes.slice(at, at + size));
        controller.close();
      },
    });
    const read: AuditRecord[] = [];
    for await (const record of readExport(body)) read.push(record);
    expect(read).toEqual(records);
  }
});

it('writes JSON as RFC 8785 does', () => {
  expect(canonicalJson({ b: [1, { y: null, x: 'é' }], a: 1e21, '€': true })).toBe(
    '{"a":1e+21,"b":[1,{"x":"é","y":null}],"€":true}',
  );
});
