// What pages may expect of WebSocket (WebSockets Standard; in the manner of web-platform-tests). The same
// code runs in windows and workers, straight at the application and through the gateway: each case
// returns what it saw, and the two must be equal. `ORIGIN` in results stands for the own origin.
const own = (path) => new URL(path, new URL(self.origin).href.replace(/^http/, 'ws')).href;
const nameOf = (run) => {
  try {
    return ['made', typeof run()];
  } catch (error) {
    return [error.name, error instanceof DOMException, error.code ?? 0];
  }
};
const until = (target, name) =>
  new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));
/** Opens, and gives the socket with all of its events as text. */
async function open(path, protocols) {
  const socket =
    protocols === undefined ? new WebSocket(own(path)) : new WebSocket(own(path), protocols);
  socket.binaryType = 'arraybuffer';
  socket.log = [];
  for (const name of ['open', 'message', 'error', 'close']) {
    socket.addEventListener(name, (event) =>
      socket.log.push(name === 'close' ? closeOf(event) : name),
    );
  }
  await Promise.race([until(socket, 'open'), until(socket, 'close')]);
  return socket;
}
const closeOf = ({ code, reason, wasClean }) => `close ${code} ${reason} ${wasClean}`;
const closed = async (socket) => {
  if (socket.readyState !== 3) await until(socket, 'close');
  await new Promise((resolve) => setTimeout(resolve));
  return [socket.readyState, ...socket.log];
};
const echo = async (socket, data) => {
  const answer = until(socket, 'message');
  socket.send(data);
  return (await answer).data;
};

const cases = {
  'constructor: wrong URLs and protocols': () => [
    nameOf(() => new WebSocket()),
    nameOf(() => WebSocket('/ws/echo')),
    nameOf(() => new WebSocket('http://[')),
    nameOf(() => new WebSocket('ftp://localhost/')),
    nameOf(() => new WebSocket('mailto:a@b')),
    nameOf(() => new WebSocket(own('/ws/echo#fragment'))),
    nameOf(() => new WebSocket(own('/ws/echo'), '')),
    nameOf(() => new WebSocket(own('/ws/echo'), 'a b')),
    nameOf(() => new WebSocket(own('/ws/echo'), 'ä')),
    nameOf(() => new WebSocket(own('/ws/echo'), ['a', 'a'])),
    nameOf(() => new WebSocket(own('/ws/echo'), ['a', 'b,c'])),
    nameOf(() => new WebSocket(own('/ws/echo'), [null, 'null'])),
    nameOf(() => new WebSocket(Symbol())),
  ],
  'constructor: what a new one looks like': async () => {
    const socket = new WebSocket(own('/ws/echo?a=b c'));
    const look = [
      socket.url.replace(/^ws:\/\/[^/]*/, 'ORIGIN'),
      socket.readyState,
      socket.bufferedAmount,
      socket.protocol,
      socket.extensions,
      socket.binaryType,
      socket.onopen,
      socket.onmessage,
      socket.onerror,
      socket.onclose,
      String(socket),
      socket instanceof WebSocket,
      socket instanceof EventTarget,
      socket.constructor === WebSocket,
    ];
    socket.close();
    return [...look, socket.readyState];
  },
  'interface: names, lengths, constants, order': () => [
    WebSocket.name,
    WebSocket.length,
    Object.keys(WebSocket).sort(),
    Object.keys(WebSocket.prototype).sort(),
    [WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED],
    WebSocket.prototype.send.length,
    WebSocket.prototype.close.length,
    WebSocket.prototype.send.name,
    Object.getPrototypeOf(WebSocket) === EventTarget,
    Object.getPrototypeOf(WebSocket.prototype) === EventTarget.prototype,
    Object.prototype.toString.call(WebSocket.prototype),
    /native code/.test(String(WebSocket)),
    nameOf(() => WebSocket.prototype.url)[0],
    nameOf(() => WebSocket.prototype.send.call({}, 'x'))[0],
    nameOf(() => Reflect.get(WebSocket.prototype, 'readyState', {}))[0],
  ],
  'constructor: http URLs and URL objects': async () => {
    const url = new URL(own('/ws/echo').replace(/^ws/, 'http'));
    const socket = new WebSocket(url);
    await until(socket, 'open');
    const made = [socket.url === own('/ws/echo')];
    socket.close();
    await until(socket, 'close');
    return made;
  },
  'a subclass': async () => {
    class Own extends WebSocket {
      get isOwn() {
        return true;
      }
    }
    const socket = new Own(own('/ws/echo'));
    await until(socket, 'open');
    const got = [socket instanceof Own, socket.isOwn, socket.readyState];
    socket.close();
    return got;
  },
  'messages: text, empty, Unicode, lone surrogates': async () => {
    const socket = await open('/ws/echo');
    const got = [];
    for (const text of [
      'a',
      '',
      'ä€😀',
      '\u0000',
      'x'.repeat(70000),
      '\ud800',
      '\ufeffbom',
      42,
      null,
      undefined,
      {},
    ]) {
      const answer = await echo(socket, text);
      got.push(answer.length > 100 ? answer.length : answer);
    }
    socket.close();
    return [...got, ...(await closed(socket)).filter((entry) => entry !== 'message')];
  },
  'messages: bytes of all kinds': async () => {
    const socket = await open('/ws/echo');
    const buffer = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer;
    const got = [];
    for (const data of [
      buffer,
      new Uint8Array(buffer, 2, 3),
      new DataView(buffer, 6),
      new Float64Array(buffer),
      new ArrayBuffer(0),
      new Blob(['ab', Uint8Array.of(255)]),
    ]) {
      got.push([...new Uint8Array(await echo(socket, data))]);
    }
    socket.binaryType = 'blob';
    const blob = await echo(socket, buffer);
    socket.binaryType = 'nonsense';
    got.push([blob instanceof Blob, blob.size, blob.type, socket.binaryType]);
    socket.close();
    return got;
  },
  'messages: a buffer may change once it was sent': async () => {
    const socket = await open('/ws/echo');
    const bytes = new Uint8Array(1000).fill(7);
    const answer = until(socket, 'message');
    socket.send(bytes);
    bytes.fill(0);
    const got = new Uint8Array((await answer).data);
    socket.close();
    return got.every((byte) => byte === 7);
  },
  'messages: the event': async () => {
    const socket = await open('/ws/echo');
    const answer = until(socket, 'message');
    socket.send('x');
    const event = await answer;
    socket.close();
    return [
      event instanceof MessageEvent,
      event.origin === new URL(own('/')).origin,
      event.lastEventId,
      event.source,
      event.ports.length,
      event.bubbles,
      event.cancelable,
      event.target === socket,
    ];
  },
  'messages: order of blobs and texts': async () => {
    const socket = await open('/ws/echo');
    const got = [];
    const done = new Promise((resolve) =>
      socket.addEventListener('message', ({ data }) => {
        got.push(typeof data === 'string' ? data : [...new Uint8Array(data)][0]);
        if (got.length === 4) resolve();
      }),
    );
    socket.send(new Blob([Uint8Array.of(1)]));
    socket.send('2');
    socket.send(new Blob([Uint8Array.of(3)]));
    socket.send('4');
    await done;
    socket.close();
    return got;
  },
  'messages: several megabytes, in fragments of the server': async () => {
    const socket = await open('/ws/echo?fragments=1000');
    const bytes = new Uint8Array(3_000_000).map((_, i) => i % 253);
    const got = new Uint8Array(await echo(socket, bytes));
    const text = await echo(socket, '€'.repeat(500_000));
    socket.close();
    return [got.length, got.every((byte, i) => byte === i % 253), text === '€'.repeat(500_000)];
  },
  'messages: a thousand at once come in order': async () => {
    const socket = await open('/ws/echo');
    let next = 0;
    let inOrder = true;
    const done = new Promise((resolve) =>
      socket.addEventListener('message', ({ data }) => {
        inOrder &&= Number(data) === next;
        if (++next === 1000) resolve();
      }),
    );
    for (let i = 0; i < 1000; i++) socket.send(String(i));
    await done;
    socket.close();
    return [next, inOrder];
  },
  'send: states': async () => {
    const socket = new WebSocket(own('/ws/echo'));
    const before = nameOf(() => socket.send('x'));
    await until(socket, 'open');
    const none = nameOf(() => socket.send())[0];
    socket.close();
    socket.send('abc');
    const after = [socket.readyState, socket.bufferedAmount];
    await until(socket, 'close');
    socket.send('d');
    return [before, none, after, socket.readyState, socket.bufferedAmount];
  },
  'bufferedAmount: grows at once, and goes to nothing': async () => {
    const socket = await open('/ws/echo');
    socket.send('ä');
    socket.send(new ArrayBuffer(5));
    socket.send(new Blob(['abc']));
    const at = socket.bufferedAmount;
    while (socket.bufferedAmount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.close();
    return at;
  },
  subprotocols: async () => {
    const got = [];
    for (const offered of [undefined, 'chat', ['other', 'chat'], new Set(['chat'])]) {
      const socket = await open('/ws/echo', offered);
      got.push(socket.protocol);
      socket.close();
    }
    return got;
  },
  'a subprotocol that nobody takes': async () => closed(await open('/ws/echo', ['unknown'])),
  'extensions: what server and client agreed on': async () => {
    const plain = await open('/ws/echo');
    const deflated = await open('/ws/deflate');
    const got = [plain.extensions, deflated.extensions.split(';')[0]];
    const text = 'compress me '.repeat(5000);
    got.push((await echo(deflated, text)) === text);
    plain.close();
    deflated.close();
    return got;
  },
  'close: codes and reasons refused': async () => {
    const socket = await open('/ws/echo');
    const got = [
      ...[0, 500, 999, 1001, 1005, 1006, 2999, 5000, 65536, -1, NaN, 'x', {}].map((code) =>
        nameOf(() => socket.close(code)),
      ),
      nameOf(() => socket.close(1000, 'x'.repeat(124))),
      nameOf(() => socket.close(1000, '€'.repeat(42))),
      socket.readyState,
    ];
    socket.close(1000, 'x'.repeat(123));
    return [...got, ...(await closed(socket))];
  },
  'close: by the page': async () => {
    const got = [];
    for (const args of [
      [],
      [1000],
      [3000, 'why'],
      [4999, ''],
      [1000, '\ud800'],
      [3000.4],
      ['3001'],
      [undefined, undefined],
    ]) {
      const socket = await open('/ws/echo');
      socket.close(...args);
      socket.close(4000, 'ignored');
      got.push(socket.readyState, await closed(socket));
    }
    return got;
  },
  'close: what the server hears': async () => {
    const got = [];
    for (const args of [[], [1000], [4321, 'bye']]) {
      const id = Math.random();
      const socket = await open(`/ws/echo?id=${id}`);
      socket.close(...args);
      await closed(socket);
      got.push(await (await fetch(new URL(`/closed?id=${id}`, self.origin))).json());
    }
    return got;
  },
  'close: by the server': async () => {
    const got = [];
    for (const query of [
      '',
      'code=1000',
      'code=1001',
      'code=1011&reason=oops',
      'code=4000&reason=%E2%82%AC',
    ]) {
      got.push(await closed(await open(`/ws/close?${query}`)));
    }
    return got;
  },
  'close: right behind messages': async () => closed(await open('/ws/burst')),
  'close: while connecting': async () => {
    const socket = new WebSocket(own('/ws/slow'));
    const log = [];
    for (const name of ['open', 'error', 'close'])
      socket.addEventListener(name, () => log.push(name));
    socket.close(3000, 'never');
    const at = socket.readyState;
    const event = await until(socket, 'close');
    return [at, log, closeOf(event), socket.readyState];
  },
  'close: the event': async () => {
    const socket = await open('/ws/close?code=4000&reason=x');
    const event = socket.readyState === 3 ? undefined : await until(socket, 'close');
    return [event instanceof CloseEvent, event?.type, event?.bubbles, event?.cancelable];
  },
  'failure: the server breaks off': async () => closed(await open('/ws/terminate')),
  'failure: no upgrade': async () => {
    const got = [];
    for (const path of ['/ws/refuse?status=401', '/ws/refuse?status=200']) {
      got.push(await closed(await open(path)));
    }
    return got;
  },
  'failure: frames that break the protocol': async () => {
    const got = [];
    for (const kind of ['utf8', 'reserved', 'opcode', 'masked', 'close-code', 'long-ping']) {
      const entries = await closed(await open(`/ws/broken?kind=${kind}`));
      got.push([
        kind,
        entries.filter((entry) => !/^close/.test(entry)),
        /^close 1006  false$/.test(entries.at(-1)),
      ]);
    }
    return got;
  },
  'pings of the server are answered': async () => {
    const socket = await open('/ws/ping');
    const { data } = await until(socket, 'message');
    socket.close();
    return data;
  },
  'handlers: place, replacement, null, objects': async () => {
    const socket = new WebSocket(own('/ws/echo'));
    const log = [];
    socket.onopen = () => log.push('first');
    socket.addEventListener('open', () => log.push('listener'));
    socket.onopen = () => log.push('second');
    const object = { handleEvent: () => log.push('object') };
    socket.onmessage = object;
    const kept = socket.onmessage === object;
    socket.onerror = 5;
    await until(socket, 'open');
    socket.addEventListener('message', () => log.push('message'));
    socket.onmessage = null;
    socket.onmessage = function (event) {
      log.push(this === socket && event.currentTarget === socket);
    };
    socket.send('x');
    await until(socket, 'message');
    socket.close();
    return [log, kept, socket.onerror];
  },
  'listeners: once, removed, several, objects': async () => {
    const socket = await open('/ws/echo');
    const log = [];
    const removed = () => log.push('removed');
    socket.addEventListener('message', removed);
    socket.removeEventListener('message', removed);
    socket.addEventListener('message', () => log.push('once'), { once: true });
    socket.addEventListener('message', { handleEvent: () => log.push('object') });
    await echo(socket, '1');
    await echo(socket, '2');
    socket.close();
    return log;
  },
  'the handshake that the server sees': async () => {
    const socket = await open('/ws/headers', 'chat');
    const headers = JSON.parse((await until(socket, 'message')).data);
    socket.close();
    return headers;
  },
};

self.runSuite = async (only, without = []) => {
  const results = {};
  for (const [name, run] of Object.entries(cases)) {
    if ((only !== undefined && !name.startsWith(only)) || without.includes(name)) continue;
    const late = new Promise((resolve) => setTimeout(resolve, 15_000, 'took too long'));
    results[name] = await Promise.race([Promise.resolve().then(run), late]).catch((error) =>
      String(error),
    );
  }
  return JSON.parse(JSON.stringify(results));
};
