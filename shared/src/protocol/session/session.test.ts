import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  closeSessions,
  createSessionPair,
  createSyncCipher,
  pattern,
  readAll,
} from '../../../../test/harness/session-pair.ts';
import { encodeUtf8 } from '../../bytes/index.ts';
import { createWebCryptoCipher } from '../../crypto/index.ts';
import type { DialGrantClaims } from '../../grants/index.ts';
import { decodeRecordHeader } from './record.ts';
import { ResetCode } from './types.ts';

afterEach(closeSessions);

describe.each([
  ['asynchronous', createWebCryptoCipher],
  ['synchronous', createSyncCipher],
] as const)('session with an %s cipher', (_, createCipher) => {
  it('carries heads, bodies and trailers both ways', async () => {
    const { opener, accept } = await createSessionPair({ createCipher });
    const stream = opener.openStream('http', encodeUtf8('request'));
    void stream.write(encodeUtf8('ping')).then(() => stream.end());
    const served = await accept();
    expect(served).toMatchObject({ id: 1, type: 'http' });
    expect(new TextDecoder().decode(served.openHead)).toBe('request');
    expect(await readAll(served)).toEqual(encodeUtf8('ping'));
    served.sendHead(encodeUtf8('103'));
    served.sendHead(encodeUtf8('200'));
    await served.write(encodeUtf8('pong'));
    await served.end(encodeUtf8('trailer'));
    expect(await stream.nextHead()).toEqual(encodeUtf8('103'));
    expect(await stream.nextHead()).toEqual(encodeUtf8('200'));
    expect(stream.trailers).toBeUndefined();
    expect(await readAll(stream)).toEqual(encodeUtf8('pong'));
    expect(stream.trailers).toEqual(encodeUtf8('trailer'));
    expect(await stream.closed).toEqual({});
    expect(await served.closed).toEqual({});
    expect(opener.openStreams).toBe(0);
  });

  it('carries many windows of bytes in order', async () => {
    const { opener, accept } = await createSessionPair({
      createCipher,
      circuit: { windowBytes: 300_000 },
    });
    const stream = opener.openStream('tcp', new Uint8Array());
    const sent = pattern(5_000_000);
    void stream
      .write(sent)
      .then(() => stream.end())
      .catch(() => undefined);
    const received = await readAll(await accept());
    expect(Buffer.compare(received, sent)).toBe(0);
  });

  it('rekeys during a transfer', async () => {
    const { opener, a, accept } = await createSessionPair({
      createCipher,
      limits: { rekeyRecords: 5 },
    });
    const stream = opener.openStream('tcp', new Uint8Array());
    const sent = pattern(3_000_000);
    void stream
      .write(sent)
      .then(() => stream.end())
      .catch(() => undefined);
    expect(Buffer.compare(await readAll(await accept()), sent)).toBe(0);
    const rekeys = a.sent.filter((record) => decodeRecordHeader(record).type === 10);
    expect(rekeys.length).toBeGreaterThan(5);
  });

  it('lets a small stream pass a bulk stream that waits for credit', async () => {
    const { opener, a, accept } = await createSessionPair({
      createCipher,
      circuit: { windowBytes: 140_000 },
    });
    const bulk = opener.openStream('tcp', new Uint8Array());
    void bulk.write(new Uint8Array(200_000)).catch(() => undefined);
    const small = opener.openStream('tcp', new Uint8Array());
    void small.write(encodeUtf8('quick')).then(() => small.end());
    const servedBulk = await accept();
    expect(await readAll(await accept())).toEqual(encodeUtf8('quick'));
    expect(servedBulk.id).toBe(1);
    const order = a.sent.map(decodeRecordHeader).filter(({ type }) => type === 3);
    expect(order.findIndex(({ streamId }) => streamId === 3)).toBeLessThan(order.length - 1);
  });

  it('stops a writer whose reader does not read', async () => {
    const { opener, a, accept } = await createSessionPair({ createCipher });
    const stream = opener.openStream('tcp', new Uint8Array());
    let done = false;
    void stream.write(new Uint8Array(8_000_000)).then(
      () => (done = true),
      () => undefined,
    );
    await accept();
    await opener.ping();
    await opener.ping();
    expect(done).toBe(false);
    const bytes = a.sent.reduce((sum, record) => sum + record.length, 0);
    expect(bytes).toBeLessThan(1_048_576 + 100_000);
  });

  for (const [name, tamper] of [
    ['flips a bit of the ciphertext', (m: Uint8Array) => [m.with(20, (m[20] as number) ^ 4)]],
    ['changes the type', (m: Uint8Array) => [m.with(0, 5)]],
    ['changes the stream', (m: Uint8Array) => [m.with(4, 3)]],
    ['sets the end', (m: Uint8Array) => [m.with(1, 1)]],
    ['sets reserved bits', (m: Uint8Array) => [m.with(2, 1)]],
    ['replays', (m: Uint8Array) => [m, m]],
    ['drops', () => []],
    ['truncates', (m: Uint8Array) => [m.subarray(0, m.length - 1)]],
    ['truncates all', () => [new Uint8Array()]],
    ['turns it into a rekey', (m: Uint8Array) => [m.with(0, 10).with(4, 0)]],
  ] as const) {
    it(`ends every stream when a router ${name} a record`, async () => {
      const { opener, host, accept } = await createSessionPair({
        createCipher,
        circuit: { toB: (message, index) => (index === 3 ? tamper(message) : [message]) },
      });
      const first = opener.openStream('tcp', new Uint8Array());
      const second = opener.openStream('tcp', new Uint8Array());
      await first.write(encodeUtf8('one'));
      const served = [await accept(), await accept()];
      expect(await served[0]!.read()).toEqual(encodeUtf8('one'));
      const reads = served.map((stream) => stream.read());
      const failed = Promise.allSettled(reads);
      await first.write(encodeUtf8('two'));
      await first.write(encodeUtf8('three')).catch(() => undefined);
      expect((await host.closed).code).toBe('ERR_RECORD_INVALID');
      for (const [i, outcome] of (await failed).entries()) {
        // A replayed record is authentic the first time.
        if (name === 'replays' && i === 0 && outcome.status === 'fulfilled') continue;
        expect(outcome).toMatchObject({ reason: { code: 'ERR_RECORD_INVALID' } });
      }
      expect((await opener.closed).code).toBe('ERR_RECORD_INVALID');
      await expect(second.read()).rejects.toMatchObject({ code: 'ERR_RECORD_INVALID' });
    });
  }

  it('ends every stream when a router reorders records', async () => {
    let kept: Uint8Array | undefined;
    const { opener, host, accept } = await createSessionPair({
      createCipher,
      circuit: {
        toB: (message, index) => {
          if (index === 1) {
            kept = message;
            return [];
          }
          return index === 2 ? [message, kept!] : [message];
        },
      },
    });
    const stream = opener.openStream('tcp', new Uint8Array());
    const served = await accept();
    await stream.write(encodeUtf8('a'));
    await stream.write(encodeUtf8('b'));
    await expect(served.read()).rejects.toMatchObject({ code: 'ERR_RECORD_INVALID' });
    expect((await host.closed).code).toBe('ERR_RECORD_INVALID');
  });

  it('never takes a circuit that just ends for an end', async () => {
    const { opener, b, accept } = await createSessionPair({ createCipher });
    const stream = opener.openStream('tcp', new Uint8Array());
    await stream.write(encodeUtf8('half'));
    const served = await accept();
    expect(await served.read()).toEqual(encodeUtf8('half'));
    const next = served.read();
    b.onClose?.({ code: 'OK', message: '', retryable: false });
    await expect(next).rejects.toMatchObject({ code: 'ERR_CIRCUIT_LOST' });
    await expect(served.write(encodeUtf8('x'))).rejects.toMatchObject({ code: 'ERR_CIRCUIT_LOST' });
  });

  it('closes with GOAWAY, which the peer can tell from a lost circuit', async () => {
    const { opener, host, a, b, accept } = await createSessionPair({ createCipher });
    const stream = opener.openStream('tcp', new Uint8Array());
    const served = await accept();
    host.close({ code: 'ERR_ACCESS_REMOVED', message: 'gone', retryable: false });
    expect(await opener.closed).toEqual({
      code: 'ERR_ACCESS_REMOVED',
      message: 'gone',
      retryable: false,
    });
    await expect(stream.read()).rejects.toMatchObject({ code: 'ERR_ACCESS_REMOVED' });
    await expect(served.read()).rejects.toMatchObject({ code: 'ERR_ACCESS_REMOVED' });
    expect(() => opener.openStream('tcp', new Uint8Array())).toThrow(/gone/);
    expect(a.closedWith ?? b.closedWith).toBeDefined();
  });

  it('learns why the session ended also while it is sending', async () => {
    for (let turns = 0; turns < 20; turns += 1) {
      const { opener, host, accept } = await createSessionPair({ createCipher });
      const stream = opener.openStream('tcp', new Uint8Array());
      const served = await accept();
      const flood = async () => {
        // A turn each: with a synchronous cipher nothing else would ever run.
        for (;;) {
          await stream.write(new Uint8Array(500_000));
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      const ends = Promise.allSettled([flood(), readAll(served)]);
      for (let i = 0; i < turns; i += 1) await new Promise((resolve) => setImmediate(resolve));
      host.close({ code: 'ERR_ACCESS_REMOVED', message: 'gone', retryable: false });
      for (const end of await ends) {
        expect(end).toMatchObject({ reason: { code: 'ERR_ACCESS_REMOVED' } });
      }
      expect((await opener.closed).code).toBe('ERR_ACCESS_REMOVED');
    }
  });

  it('resets one stream and leaves the others alone', async () => {
    const { opener, accept } = await createSessionPair({ createCipher });
    const first = opener.openStream('tcp', new Uint8Array());
    const second = opener.openStream('tcp', new Uint8Array());
    const served = await accept();
    const other = await accept();
    served.reset(ResetCode.appFailed, 'ERR_APP_UNREACHABLE');
    await expect(first.read()).rejects.toMatchObject({ code: 'ERR_APP_UNREACHABLE' });
    expect(await first.closed).toEqual({
      reset: { code: 4, reason: 'ERR_APP_UNREACHABLE', byPeer: true },
    });
    await expect(first.write(encodeUtf8('x'))).rejects.toMatchObject({
      code: 'ERR_APP_UNREACHABLE',
    });
    await second.write(encodeUtf8('alive'));
    expect(await other.read()).toEqual(encodeUtf8('alive'));
  });
});

describe('session', () => {
  it('refuses streams when nobody takes them, or beyond the limit', async () => {
    const { opener, host } = await createSessionPair({ limits: { maxStreams: 2 } });
    host.onStream = undefined;
    const refused = opener.openStream('tcp', new Uint8Array());
    expect((await refused.closed).reset).toMatchObject({ code: ResetCode.refused, byPeer: true });
    opener.openStream('tcp', new Uint8Array());
    opener.openStream('tcp', new Uint8Array());
    expect(() => opener.openStream('tcp', new Uint8Array())).toThrow(/too many open streams/);
  });

  it('raises the window of streams that carry much, and of no others', async () => {
    const { opener, b, accept } = await createSessionPair();
    const stream = opener.openStream('tcp', new Uint8Array());
    await stream.write(encodeUtf8('little'));
    const served = await accept();
    await served.read();
    const windows = () => b.sent.filter((record) => decodeRecordHeader(record).type === 4).length;
    expect(windows()).toBe(0);
    void stream.write(new Uint8Array(100_000)).catch(() => undefined);
    await served.read();
    await opener.ping();
    expect(windows()).toBe(1);
  });

  it('aborts reads without losing bytes, and writes with the stream', async () => {
    const { opener, accept } = await createSessionPair();
    const stream = opener.openStream('tcp', new Uint8Array());
    const served = await accept();
    const abort = new AbortController();
    const read = served.read(abort.signal);
    abort.abort(new Error('stop'));
    await expect(read).rejects.toThrow('stop');
    await stream.write(encodeUtf8('kept'));
    expect(await served.read()).toEqual(encodeUtf8('kept'));
    const cancel = new AbortController();
    const write = stream.write(new Uint8Array(5_000_000), cancel.signal);
    cancel.abort();
    await expect(write).rejects.toMatchObject({ code: 'ERR_STREAM_RESET' });
    expect((await served.closed).reset).toMatchObject({ code: ResetCode.cancelled });
  });

  it('delivers the same bytes however they are written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 150_000 }), { minLength: 1, maxLength: 8 }),
        async (sizes) => {
          const { opener, accept } = await createSessionPair({ createCipher: createSyncCipher });
          const stream = opener.openStream('tcp', new Uint8Array());
          const all = pattern(sizes.reduce((sum, size) => sum + size, 0));
          let offset = 0;
          for (const size of sizes) {
            void stream.write(all.subarray(offset, offset + size));
            offset += size;
          }
          void stream.end();
          expect(Buffer.compare(await readAll(await accept()), all)).toBe(0);
          opener.close();
        },
      ),
      { numRuns: 15 },
    );
  });

  describe('renewal', () => {
    const claims: DialGrantClaims = {
      iss: 'i',
      aud: 'postern:dial',
      sub: 'alice',
      name: 'Alice',
      svc: 'wiki',
      sid: 'sid',
      cnf: { jkt: 'k'.repeat(43) },
      hosts: ['h'],
      iat: 0,
      exp: 9e9,
      out: 9e9,
      jti: 'j',
    };
    const time = () => ({ nowMs: 0, connected: true });

    it('replaces claims and assertion', async () => {
      const renewed = { ...claims, jti: 'next' };
      const verify = async () => renewed;
      const { opener, host } = await createSessionPair({
        auth: { options: { verify, time }, claims },
      });
      opener.renew('grant', 'assertion');
      await opener.ping();
      expect(host.peer).toBe(renewed);
      expect(host.assertion).toBe('assertion');
    });

    it.each([{ sub: 'bob' }, { svc: 'mail' }, { cnf: { jkt: 'x'.repeat(43) } }])(
      'ends the session when it is for another: %o',
      async (changes) => {
        const verify = async () => ({ ...claims, ...changes });
        const { opener } = await createSessionPair({ auth: { options: { verify, time }, claims } });
        opener.renew('grant', '');
        expect((await opener.closed).code).toBe('ERR_GRANT_INVALID');
      },
    );

    it('ends the session when it is refused or does not come in time', async () => {
      const verify = async () => Promise.reject(new Error('no'));
      const refused = await createSessionPair({ auth: { options: { verify, time }, claims } });
      refused.opener.renew('grant', '');
      expect((await refused.opener.closed).code).toBe('ERR_GRANT_INVALID');
      const late = await createSessionPair({
        auth: { options: { verify, time, dueMs: 5 }, claims },
      });
      expect((await late.opener.closed).code).toBe('ERR_GRANT_INVALID');
    });

    it('is for hosts only', async () => {
      const { opener, host } = await createSessionPair();
      opener.renew('grant', '');
      expect((await host.closed).code).toBe('ERR_RECORD_INVALID');
    });
  });
});
