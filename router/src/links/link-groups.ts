/** Groups of links: two routers link only if they have one in common (docs/protocol.md, "Connecting"). */
import { HeaderKey, type Message, type MessageHeaders } from '@postern/shared/protocol/channel';

/** Of a router that names none. */
const DEFAULT_GROUPS: readonly string[] = ['default'];
const MAX_GROUPS = 16;

export function setGroups(headers: MessageHeaders, groups: readonly string[]): MessageHeaders {
  return headers.setStringList(HeaderKey.linkGroups, [...groups]);
}

/** True if the sender of a Hello, or of the answer to it, is in one of `groups`. */
export function haveCommonGroup(groups: readonly string[], { headers }: Message): boolean {
  const theirs = headers.stringList(HeaderKey.linkGroups) ?? DEFAULT_GROUPS;
  return theirs.slice(0, MAX_GROUPS).some((group) => groups.includes(group));
}
