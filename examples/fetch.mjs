// Asks a service by its name and prints the answer: node examples/fetch.mjs ann.json http://hello/some/path
import { openPostern } from '@postern/connector/sdk';

const [identity, url] = process.argv.slice(2);
const postern = await openPostern({ identity });
try {
  const answer = await postern.fetch(url);
  console.log(answer.status, await answer.text());
} finally {
  await postern.close();
}
