/** A real Prometheus (Debian's package) on a free loopback port, with a temporary database. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parse, stringify } from 'yaml';
import { findFreePorts } from '../../cli/src/demo/ports.ts';

/** Whether `prometheus` and `promtool` are installed. */
export const hasPrometheus =
  spawnSync('prometheus', ['--version']).status === 0 &&
  spawnSync('promtool', ['--version']).status === 0;

export interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}

export interface RunningPrometheus {
  /** GET below `/api/v1/`; throws what Prometheus says when it is no success. */
  api(path: string, parameters?: Record<string, string>): Promise<any>;
  /** An instant query. */
  query(expression: string): Promise<Sample[]>;
  close(): Promise<void>;
}

/**
 * Runs it with the scrape configuration and rules of a folder, at another pace and other targets.
 * @param targets `host:port` of instances, by job
 */
export async function startPrometheus(
  folder: string,
  targets: Record<string, string[]>,
): Promise<RunningPrometheus> {
  const dir = await mkdtemp(join(tmpdir(), 'postern-prometheus-'));
  await cp(folder, dir, { recursive: true });
  const config = parse(await readFile(join(dir, 'prometheus.yaml'), 'utf8'));
  config.global = { scrape_interval: '1s', evaluation_interval: '1s' };
  for (const job of config.scrape_configs)
    job.static_configs = [{ targets: targets[job.job_name as string] ?? [] }];
  await writeFile(join(dir, 'prometheus.yaml'), stringify(config));
  const [port] = await findFreePorts(1);
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(dir, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = once(child, 'exit');
  const lines: string[] = [];
  const ready = new Promise<void>((resolve, reject) => {
    createInterface(child.stderr).on('line', (line) => {
      lines.push(line);
      if (line.includes('Server is ready')) resolve();
    });
    void exited.then(() => reject(new Error(`Prometheus ended: ${lines.join('\n')}`)));
  });
  await ready;
  const api: RunningPrometheus['api'] = async (path, parameters = {}) => {
    const query = new URLSearchParams(parameters);
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}?${query}`);
    const answer = (await response.json()) as { status: string; error?: string; data: unknown };
    if (answer.status !== 'success') throw new Error(`${path} ${query}: ${answer.error ?? ''}`);
    return answer.data;
  };
  return {
    api,
    query: async (expression) => (await api('query', { query: expression })).result as Sample[],
    close: async () => {
      child.kill();
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
