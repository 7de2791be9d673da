/** Tells which authenticators were written, here or at another controller. */
import type { ControllerContext } from '../context.ts';

/**
 * Calls `onWritten` with the id of each authenticator written from now on, and with `undefined` when
 * some may have been missed. Returns what stops it.
 */
export function followAuthenticators(
  { liveEvents, logger }: Pick<ControllerContext, 'liveEvents' | 'logger'>,
  onWritten: (authenticatorId: string | undefined) => void,
): () => void {
  const stop = new AbortController();
  const follow = async (): Promise<void> => {
    const options = { kinds: new Set(['entity']), signal: stop.signal };
    for await (const { data } of liveEvents.log.read(options))
      if (data['entityKind'] === 'authenticators') onWritten(data['entityId'] as string);
  };
  const run = (): void => {
    follow().catch((error: unknown) => {
      // Fell behind: whoever is told looks at the store, and we go on from here.
      logger.warn('control.authenticatorsMissed', { error });
      onWritten(undefined);
      run();
    });
  };
  run();
  return () => stop.abort();
}
