/** One router: its feed of changes and the reports it sends. */
import type { Logger } from '@postern/shared/log';
import type { ControlChannel } from '@postern/shared/protocol/control';
import type { EntityKind, RouterStatus, RouterTerminators } from '@postern/shared/schemas';
import type { ControllerContext } from '../context.ts';
import type { Session } from './control-server.ts';
import { latestOnly } from './latest-job.ts';
import type { RouterLink } from './network-view.ts';
import { createRouterFeed } from './router-feed.ts';
import { RouterQuestions } from './router-questions.ts';
import type { RouterReports } from './router-reports.ts';

/** Changes after which a terminator that policy allowed may be forbidden, or the other way round. */
const BIND_RELEVANT: ReadonlySet<EntityKind> = new Set<EntityKind>([
  'identity',
  'service',
  'servicePolicy',
  'edgeRouterPolicy',
  'serviceEdgeRouterPolicy',
]);

export interface RouterSessionOptions {
  readonly ctx: ControllerContext;
  readonly reports: RouterReports;
  readonly channel: ControlChannel;
  readonly routerId: string;
  readonly logger: Logger;
}

export function createRouterSession(options: RouterSessionOptions): Session {
  const { ctx, reports, channel, routerId, logger } = options;
  const { network } = ctx.live;
  let closed = false;
  let hosted: RouterTerminators['terminators'] | undefined;

  const feed = createRouterFeed(ctx.store, {
    send: (type, body) => {
      if (channel.isOpen) channel.send(type, body);
    },
    fail: (error) => {
      logger.warn('control.feedFailed', { error });
      channel.close({
        code: 'ERR_CONTROL_RESYNC',
        message: 'the data could not be sent; subscribe again',
        retryable: true,
      });
    },
  });
  const report = (error: unknown): void => {
    logger.error('control.reportFailed', { error });
  };
  const writeStatus = latestOnly<RouterStatus>(async (status) => {
    if (!closed) await reports.status(routerId, status);
  }, report);
  const writeTerminators = latestOnly<RouterTerminators['terminators']>(async (list) => {
    if (!closed) await reports.terminators(routerId, list);
  }, report);

  const questions = new RouterQuestions({
    send: (question) => {
      if (channel.isOpen) channel.send('inspect', question);
      return channel.isOpen;
    },
  });
  const link: RouterLink = {
    ask: (question) => questions.ask(question),
    closeCircuit: (circuitId, code) => {
      if (channel.isOpen) channel.send('closeCircuit', { circuitId, code });
    },
  };
  let detach = (): void => undefined;

  return {
    receive: (message) => {
      switch (message.type) {
        case 'subscribe':
          feed.subscribe(message.value);
          return;
        case 'routerStatus':
          writeStatus(message.value);
          return;
        case 'routerTerminators':
          hosted = message.value.terminators;
          writeTerminators(hosted);
          return;
        case 'routerCircuits':
          network.replace(routerId, message.value.circuits, ctx.clock());
          return;
        case 'inspected':
          questions.receive(message.value);
          return;
        case 'circuitEvent': {
          const { kind, ...event } = message.value;
          network.apply(routerId, message.value, ctx.clock());
          ctx.events.emit('circuit', { ...message.value, routerId });
          logger.info(`circuit.${kind}`, event);
          return;
        }
        default:
        // The channel accepts nothing else from routers.
      }
    },
    push: (delta) => {
      feed.push(delta);
      if (hosted && delta.changes.some(({ kind }) => BIND_RELEVANT.has(kind))) {
        writeTerminators(hosted);
      }
    },
    refresh: () => {
      detach = network.attach(routerId, link);
    },
    close: () => {
      closed = true;
      detach();
      questions.close();
    },
  };
}
