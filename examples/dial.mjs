// Joins standard input and output to a service: echo hello | node examples/dial.mjs ann.json echo
import { pipeline } from 'node:stream/promises';
import { openPostern } from '@postern/connector/sdk';

const [identity, service] = process.argv.slice(2);
const postern = await openPostern({ identity });
postern.on('disconnected', (name, { code }) => console.error(`${name}: ${code}`));
try {
  const stream = await postern.dial(service, { signal: AbortSignal.timeout(10_000) });
  await pipeline(process.stdin, stream, process.stdout, { end: false });
} finally {
  await postern.close();
}
