/** Deliveries that each need a task of their own, as browsers give each event of a WebSocket. */

/**
 * `deliver` in order, each value in a later task: promises that wait for one event go on before the
 * next comes. Timers would be delayed by 4 ms each once nested (HTML §8.6).
 */
export function createTaskQueue<T>(deliver: (value: T) => void): (value: T) => void {
  const { port1, port2 } = new MessageChannel();
  const waiting: T[] = [];
  port1.onmessage = () => {
    for (const value of waiting.splice(0, 1)) deliver(value);
  };
  return (value) => {
    waiting.push(value);
    port2.postMessage(undefined);
  };
}
