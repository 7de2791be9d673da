import { describe, expect, it } from 'vitest';
import type { SocketCommand, SocketEvent } from '../messages/page.ts';
import { createSiblingCarrier } from './sibling-carrier.ts';

const request = { url: 'wss://cdn.example.com/', protocols: ['a'] };

function createWorld() {
  const posted: SocketCommand[] = [];
  const events: SocketEvent[] = [];
  const natives: FakeSocket[] = [];
  let say!: (event: SocketEvent) => void;
  class FakeSocket {
    binaryType = '';
    protocol = 'a';
    extensions = '';
    sent: unknown[] = [];
    onopen: () => void = () => undefined;
    onmessage: (event: object) => void = () => undefined;
    onerror: () => void = () => undefined;
    onclose: (event: object) => void = () => undefined;
    readonly url: string;
    constructor(url: string) {
      this.url = url;
      natives.push(this);
    }
    send(data: unknown) {
      this.sent.push(data);
    }
    close(...args: unknown[]) {
      this.sent.push(['close', ...args]);
    }
  }
  const carrier = createSiblingCarrier(
    {
      open: (_request, take) => {
        say = take;
        return { post: (command) => void posted.push(command), close: () => undefined };
      },
    },
    FakeSocket as unknown as typeof WebSocket,
  );
  const channel = carrier.open(request, (event) => void events.push(event));
  return { channel, posted, events, natives, say: (event: SocketEvent) => say(event) };
}

describe('a WebSocket to a host beside the own', () => {
  it('is carried by the service worker where an application is', () => {
    const { channel, posted, events, natives, say } = createWorld();
    say({ kind: 'accepted', instance: 'x' });
    channel.post({ kind: 'send', data: 'hi' });
    expect(posted).toEqual([{ kind: 'send', data: 'hi' }]);
    expect(events).toEqual([{ kind: 'accepted', instance: 'x' }]);
    expect(natives).toEqual([]);
  });

  it('is the browser’s own where none is', async () => {
    const { channel, events, natives, say } = createWorld();
    say({ kind: 'outside' });
    const [native] = natives;
    expect(native?.url).toBe(request.url);
    native?.onopen();
    channel.post({ kind: 'send', data: 'héllo' });
    await Promise.resolve();
    native?.onmessage({ data: 'there' });
    channel.post({ kind: 'close', code: 1000, reason: 'done' });
    native?.onerror();
    native?.onclose({ code: 1006, reason: '', wasClean: false });
    expect(native?.sent).toEqual(['héllo', ['close', 1000, 'done']]);
    expect(events).toEqual([
      { kind: 'open', protocol: 'a', extensions: '', resume: undefined },
      { kind: 'sent', bytes: 6 },
      { kind: 'message', data: 'there' },
      { kind: 'closed', code: 1006, reason: '', wasClean: false, failed: true },
    ]);
  });

  it('is not opened any more when the page gave up', () => {
    const { channel, natives, say } = createWorld();
    channel.close();
    say({ kind: 'outside' });
    expect(natives).toEqual([]);
  });
});
