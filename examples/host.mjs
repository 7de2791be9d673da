// Hosts an HTTP server as a service, without a port on this machine: node examples/host.mjs hello.json hello
import { createServer } from 'node:http';
import { openPostern } from '@postern/connector/sdk';

const [identity, service] = process.argv.slice(2);
const callers = new WeakMap();
const server = createServer((request, response) => {
  response.end(`Hello ${callers.get(request.socket)}, you asked for ${request.url}`);
});

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const postern = await openPostern({ identity });
const listener = postern.listen(service, { signal: stop.signal });
console.log(`Hosting ${service}`);
for await (const { caller, stream } of listener) {
  callers.set(stream, caller.name);
  server.emit('connection', stream);
}
await postern.close();
