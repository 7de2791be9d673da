import { describe, expect, it, vi } from 'vitest';
import { DEAD_AFTER_MS, Liveness, PROBE_AFTER_MS } from './index.ts';
import { ManualClock } from './manual-clock.ts';

function setUp(): { clock: ManualClock; probe: () => void; dead: () => void; liveness: Liveness } {
  const clock = new ManualClock();
  const probe = vi.fn();
  const dead = vi.fn();
  return { clock, probe, dead, liveness: new Liveness({ clock, probe, dead }) };
}

describe('Liveness', () => {
  it('probes once after 10 s of silence and gives up after 20 s', () => {
    const { clock, probe, dead } = setUp();
    clock.advance(PROBE_AFTER_MS - 1);
    expect(probe).not.toHaveBeenCalled();
    clock.advance(1);
    expect(probe).toHaveBeenCalledTimes(1);
    clock.advance(DEAD_AFTER_MS - PROBE_AFTER_MS - 1);
    expect(dead).not.toHaveBeenCalled();
    clock.advance(1);
    expect(probe).toHaveBeenCalledTimes(1);
    expect(dead).toHaveBeenCalledTimes(1);
    expect(clock.pending).toBe(0);
  });

  it('neither probes nor gives up while the peer speaks', () => {
    const { clock, probe, dead, liveness } = setUp();
    for (let i = 0; i < 20; i += 1) {
      clock.advance(PROBE_AFTER_MS - 1);
      liveness.heard();
    }
    expect(probe).not.toHaveBeenCalled();
    expect(dead).not.toHaveBeenCalled();
  });

  it('probes again after an answer', () => {
    const { clock, probe, dead, liveness } = setUp();
    clock.advance(PROBE_AFTER_MS);
    liveness.heard();
    clock.advance(DEAD_AFTER_MS - 1);
    expect(probe).toHaveBeenCalledTimes(2);
    expect(dead).not.toHaveBeenCalled();
    clock.advance(1);
    expect(dead).toHaveBeenCalledTimes(1);
  });

  it('asks first when the machine slept', () => {
    const clock = new ManualClock();
    let nowMs = clock.nowMs();
    const probe = vi.fn();
    const dead = vi.fn();
    const sleepy = {
      nowMs: () => nowMs,
      schedule: (delayMs: number, callback: () => void) => clock.schedule(delayMs, callback),
    };
    const liveness = new Liveness({ clock: sleepy, probe, dead });
    nowMs += 3_600_000;
    clock.advance(PROBE_AFTER_MS);
    expect(probe).toHaveBeenCalledTimes(1);
    expect(dead).not.toHaveBeenCalled();
    liveness.heard();
    clock.advance(DEAD_AFTER_MS - PROBE_AFTER_MS);
    expect(dead).not.toHaveBeenCalled();
  });

  it('leaves no timer when stopped', () => {
    const { clock, probe, liveness } = setUp();
    liveness.stop();
    clock.advance(DEAD_AFTER_MS * 2);
    expect(probe).not.toHaveBeenCalled();
    expect(clock.pending).toBe(0);
  });
});
