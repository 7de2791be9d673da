// The sample dark app as a program: on a Unix socket or on loopback, never on anything else.
//
//   node main.mjs --socket PATH | --port N   [--secret-file FILE] [--jwks-url URL]
//
// A port needs a secret: any local user can reach loopback, while a socket has file permissions.
import { readFileSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createSampleApp } from './app.mjs';

const { values } = parseArgs({
  options: {
    socket: { type: 'string' },
    port: { type: 'string' },
    'secret-file': { type: 'string' },
    'jwks-url': { type: 'string' },
  },
});
if ((values.socket === undefined) === (values.port === undefined)) {
  fail('give either --socket PATH or --port N');
}
if (values.port !== undefined && values['secret-file'] === undefined) {
  fail('--port needs --secret-file');
}

const secret = values['secret-file'] && readFileSync(values['secret-file'], 'utf8').trim();
const app = createSampleApp({ secret, jwksUrl: values['jwks-url'] });
// A socket left by a killed predecessor would keep us from listening.
if (values.socket !== undefined) rmSync(values.socket, { force: true });
app.server.on('error', (error) => fail(error.message));
app.server.listen(
  values.socket === undefined
    ? { host: '127.0.0.1', port: Number(values.port) }
    : { path: values.socket },
  () => {
    const ready = { listening: app.server.address() };
    process.send?.(ready);
    console.log(JSON.stringify(ready));
  },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => app.close());

function fail(message) {
  console.error(`sample app: ${message}`);
  process.exit(1);
}
