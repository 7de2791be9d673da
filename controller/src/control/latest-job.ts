/**
 * Runs an asynchronous job one at a time; of what arrives meanwhile only the latest is kept, since
 * each report or state replaces the one before.
 */
export function latestOnly<T>(
  job: (value: T) => Promise<void>,
  onError: (error: unknown) => void,
): (value: T) => void {
  let running = false;
  let next: { value: T } | undefined;
  const run = async (): Promise<void> => {
    running = true;
    while (next) {
      const { value } = next;
      next = undefined;
      try {
        await job(value);
      } catch (error) {
        onError(error);
      }
    }
    running = false;
  };
  return (value) => {
    next = { value };
    if (!running) void run();
  };
}
