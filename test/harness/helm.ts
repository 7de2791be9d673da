import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Helm 3: on the path, or where
 * `GOBIN=~/.cache/postern-tools go install helm.sh/helm/v3/cmd/helm@v3.22.0` puts it.
 */
export const helm = ['helm', join(homedir(), '.cache', 'postern-tools', 'helm')].find(
  (program) => spawnSync(program, ['version']).status === 0,
);
