/**
 * Resolves when the process is asked to stop: SIGINT, SIGTERM, or its parent going away (IPC
 * channel closed), so that a killed supervisor never leaves parts behind.
 */
export function waitForStop(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => resolve();
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    if (process.channel) process.once('disconnect', stop);
  });
}
