/** What to run where, as shell commands to paste. */
import { slugOf } from './plan.ts';

/**
 * Sets up and runs a connector for one service. Everything that somebody typed stands in a here-document that the
 * shell does not look into, as JSON, which is YAML too.
 */
export function connectorCommands(service: string, target: string, jwt: string): string {
  const folder = `${slugOf(service)}-connector`;
  return script(folder, jwt, 'connector', [
    'stateDir: ./state',
    'enrollmentJwtFile: ./enrollment.jwt',
    'services:',
    `  - service: ${JSON.stringify(service)}`,
    `    target: ${JSON.stringify(target)}`,
  ]);
}

/** Sets up and runs a router; its addresses are for the operator to fill in. */
export function routerCommands(name: string, jwt: string): string {
  return script(slugOf(name), jwt, 'router', [
    'stateDir: ./state',
    'enrollmentJwtFile: ./enrollment.jwt',
    'edge:',
    '  port: 443',
    '  tls: { certFile: /etc/postern/router.pem, keyFile: /etc/postern/router.key }',
    "  publicUrls: ['wss://ROUTER.EXAMPLE.COM/edge']",
    "fabric: { port: 6264, advertise: 'ROUTER.EXAMPLE.COM:6264' }",
    'metrics: { port: 9090 }',
  ]);
}

function script(folder: string, jwt: string, part: string, config: readonly string[]): string {
  return [
    `umask 077 && mkdir -p ${folder} && cd ${folder}`,
    "cat > enrollment.jwt <<'END_OF_TOKEN'",
    jwt,
    'END_OF_TOKEN',
    `cat > ${part}.yaml <<'END_OF_CONFIG'`,
    ...config,
    'END_OF_CONFIG',
    `postern ${part} run --config ${part}.yaml`,
  ].join('\n');
}
