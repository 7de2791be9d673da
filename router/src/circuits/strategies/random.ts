import type { Random, TerminatorStrategy } from './strategy.ts';

/** Any, each as often as another, whatever it costs. */
export function random(draw: Random): TerminatorStrategy {
  return { choose: (best) => best[Math.floor(draw() * best.length)] ?? best[0] };
}
