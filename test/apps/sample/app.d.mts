import type { Server } from 'node:http';

export function createSampleApp(options?: { secret?: string; jwksUrl?: string }): {
  server: Server;
  close(): void;
};
