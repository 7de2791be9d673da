/** WebSockets of a page: one message channel each, its other port given to the service worker. */
import type { SocketCommand, SocketEvent } from '../messages/page.ts';
import type { SocketCarrier, SocketChannel } from './socket-carrier.ts';
import type { WorkerLink } from './worker-link.ts';

/** Nothing tells a page that the worker behind a port was stopped, save that another life answers. */
interface Carried {
  /** The life of the worker that took the port; unknown until it says so. */
  instance: string | undefined;
  /** Answers of the worker since, without having taken the port: it got lost after two. */
  pongs: number;
  interrupt: () => void;
}

export function createPortCarrier(link: Pick<WorkerLink, 'send' | 'listen'>): SocketCarrier {
  const carried = new Set<Carried>();
  link.listen((message) => {
    if (message.type !== 'postern.pong') return;
    for (const one of [...carried]) {
      const isElsewhere = one.instance !== undefined && one.instance !== message.instance;
      if (isElsewhere || (one.instance === undefined && ++one.pongs > 1)) one.interrupt();
    }
  });
  return {
    open(request, take) {
      const { port1, port2 } = new MessageChannel();
      const stop = (): void => {
        carried.delete(entry);
        port1.close();
      };
      const entry: Carried = {
        instance: undefined,
        pongs: 0,
        interrupt: () => {
          stop();
          take({ kind: 'interrupted' });
        },
      };
      carried.add(entry);
      port1.onmessage = ({ data }: MessageEvent<SocketEvent>) => {
        if (data.kind === 'accepted') entry.instance = data.instance;
        take(data);
      };
      if (!link.send({ type: 'postern.websocket', ...request }, [port2])) {
        queueMicrotask(entry.interrupt);
      }
      const channel: SocketChannel = {
        post: (command: SocketCommand) => port1.postMessage(command),
        close: stop,
      };
      return channel;
    },
  };
}
