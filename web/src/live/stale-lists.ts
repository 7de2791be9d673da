/** Which lists an event makes out of date. */
import type { FeedEvent } from './feed.ts';

/** A word of the paths concerned, such as `service-policies`; `undefined`: no list shows it. */
export function concernedBy({ type, data }: FeedEvent): string | undefined {
  const [kind] = type.split('.', 1);
  switch (kind) {
    case 'entity':
      return typeof data['entityKind'] === 'string' ? pathOf(data['entityKind']) : undefined;
    case 'session':
      return 'sessions';
    case 'terminator':
      return 'terminators';
    case 'router':
      return 'routers';
    case 'link':
      return 'links';
    case 'circuit':
      return 'circuits';
    case 'authentication':
      return 'api-sessions';
    default:
      return undefined;
  }
}

/** `servicePolicies` → `service-policies` */
function pathOf(table: string): string {
  return table.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
