/** What happens, as administrators watch it; docs/operations.md lists the types. */
export type LiveEventType =
  | 'entity.created'
  | 'entity.updated'
  | 'entity.deleted'
  | 'authentication'
  | 'session.ended'
  | 'decision'
  | 'circuit.opened'
  | 'circuit.closed'
  | 'router.online'
  | 'router.offline'
  | 'link.up'
  | 'link.down'
  | 'terminator.created'
  | 'terminator.updated'
  | 'terminator.deleted'
  | 'audit.head';

export interface NewLiveEvent {
  readonly type: LiveEventType;
  /** RFC 3339. */
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface LiveEvent extends NewLiveEvent {
  /** `<start of this controller>-<number>`: where a reader goes on after it lost the stream. */
  readonly id: string;
}

/** The part of a type before its dot: what readers filter by. */
export function kindOf(type: LiveEventType): string {
  return type.split('.', 1)[0] ?? type;
}

export const liveKinds = [
  'entity',
  'authentication',
  'session',
  'decision',
  'circuit',
  'router',
  'link',
  'terminator',
  'audit',
] as const;
