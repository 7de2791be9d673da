import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:net';

type Serve = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/**
 * A listener has to be bound before what it serves can be built, because the addresses go into URLs
 * and tokens. Requests that come in between wait here; without it they would never be answered.
 *
 * @returns A function to call once, with what serves the requests.
 */
export function holdRequests(server: Server): (serve: Serve) => void {
  let serving: Serve | undefined;
  const held: [IncomingMessage, ServerResponse][] = [];
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (serving) void serving(request, response);
    else held.push([request, response]);
  });
  return (serve) => {
    serving = serve;
    for (const [request, response] of held.splice(0)) void serve(request, response);
  };
}
