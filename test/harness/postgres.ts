/** A real PostgreSQL server for tests: Debian's binaries, a temporary folder, a Unix socket in it. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';

const VERSIONS = '/usr/lib/postgresql';
const PORT = 5432;
const USER = 'postern';
const PASSWORD = 'a test password';
/** Starts that fail because a killed server's memory is still held, 100 ms apart. */
const MAX_START_ATTEMPTS = 100;

export interface PostgresConnection {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

export interface PostgresServer {
  /** Makes an empty database and says how to connect. */
  createDatabase(): Promise<PostgresConnection>;
  dropDatabase(database: string): Promise<void>;
  /** SIGKILL to the postmaster; resolves when it has ended. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** Fast shutdown, for a server that is to be started again. */
  stop(): Promise<void>;
  /** Shuts down and deletes the data. */
  dispose(): Promise<void>;
}

/** Folder of `initdb` and `postgres`, the newest installed; `undefined` when there is none. */
export function postgresBinaries(): string | undefined {
  if (!existsSync(VERSIONS)) return undefined;
  return readdirSync(VERSIONS)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(VERSIONS, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')));
}

/** @throws Error when PostgreSQL is not installed or does not start */
export async function startPostgres(): Promise<PostgresServer> {
  const binaries = postgresBinaries();
  if (binaries === undefined) throw new Error('PostgreSQL is not installed');
  const owner = unprivilegedUser();
  const folder = await mkdtemp(join(tmpdir(), 'postern-pg-'));
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, PASSWORD);
  if (owner) for (const path of [folder, passwordFile]) await chown(path, owner.uid, owner.gid);
  const asOwner = { cwd: folder, env: { ...process.env, LC_ALL: 'C' }, ...owner };
  await promisify(execFile)(
    join(binaries, 'initdb'),
    [
      '-D',
      data,
      '-U',
      USER,
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
      '-A',
      'scram-sha-256',
      '--pwfile',
      passwordFile,
    ],
    asOwner,
  );

  let server: ChildProcess | undefined;
  const killAtExit = (): void => {
    server?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', killAtExit);

  const start = async (): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      const settings = ['-D', data, '-k', folder, '-p', String(PORT), '-c', 'listen_addresses='];
      const child = spawn(join(binaries, 'postgres'), settings, {
        ...asOwner,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const problem = await untilReady(child);
      if (problem === undefined) {
        server = child;
        return;
      }
      if (attempt === MAX_START_ATTEMPTS) throw new Error(`PostgreSQL did not start: ${problem}`);
      await delay(100);
    }
  };
  const end = async (signal: 'SIGKILL' | 'SIGINT'): Promise<void> => {
    const child = server;
    server = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  await start();

  let databases = 0;
  const connection = (database: string): PostgresConnection => ({
    host: folder,
    port: PORT,
    user: USER,
    password: PASSWORD,
    database,
  });
  const administer = async (statement: string): Promise<void> => {
    const client = new pg.Client(connection('postgres'));
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  return {
    async createDatabase() {
      const name = `test${++databases}`;
      await administer(`create database ${name}`);
      return connection(name);
    },
    dropDatabase: (name) => administer(`drop database ${name} with (force)`),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGINT'),
    start,
    dispose: async () => {
      await end('SIGINT');
      process.off('exit', killAtExit);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root; nobody else may start it as another user. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // No such user: the next one.
    }
  }
  throw new Error('no user to run PostgreSQL as: neither postgres nor nobody exists');
}

/** `undefined` when the server accepts connections, its last words when it ended instead. */
async function untilReady(child: ChildProcess): Promise<string | undefined> {
  if (!child.stderr) throw new Error('standard error is not piped');
  let last = '';
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.includes('ready to accept connections')) {
      child.stderr.resume();
      return undefined;
    }
    last = line;
  }
  return last;
}
