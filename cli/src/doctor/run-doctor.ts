/** `postern doctor`: the usual reasons why a part does not work, and what to do about each. */
import type { ConnectorConfig } from '@postern/connector';
import type { ControllerConfig } from '@postern/controller';
import type { GatewayConfig } from '@postern/gateway';
import type { RouterConfig } from '@postern/router';
import { AppError, isAppError } from '@postern/shared/errors';
import { loadPart, type PartName } from '../commands/parts.ts';
import { loadConfig, type ConfigSources } from '../config/load.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { reasonOf, type Check, type Finding } from './finding.ts';
import {
  connectorChecks,
  controllerChecks,
  gatewayChecks,
  issuerChecks,
  routerChecks,
} from './part-checks.ts';

export const examinedParts = ['controller', 'router', 'connector', 'gateway'] as const;
export type ExaminedPart = (typeof examinedParts)[number];

export interface DoctorFlags {
  part?: ExaminedPart;
  issuer?: string[];
  json?: boolean;
}

/** @throws {AppError} `ERR_DOCTOR_FAILED` when something failed, after telling it */
export async function runDoctor(
  { part, issuer = [], json = false }: DoctorFlags,
  sources: ConfigSources,
  terminal: Terminal,
): Promise<void> {
  if (part === undefined && issuer.length === 0) {
    throw new AppError(
      'ERR_CLI_USAGE',
      'nothing to look at: give --part and --config, or --issuer',
    );
  }
  const findings = await examine(part, issuer, sources);
  const failed = findings.filter(({ status }) => status === 'failed').length;
  const report = { ok: failed === 0, findings };
  terminal.out(json ? `${JSON.stringify(report, null, 2)}\n` : words(findings));
  if (failed > 0) {
    throw new AppError(
      'ERR_DOCTOR_FAILED',
      failed === 1 ? 'one check failed' : `${failed} checks failed`,
    );
  }
}

async function examine(
  part: ExaminedPart | undefined,
  issuers: readonly string[],
  sources: ConfigSources,
): Promise<Finding[]> {
  let checks: Check[];
  try {
    checks = [
      ...(part === undefined ? [] : await checksOf(part, sources)),
      ...issuerChecks(issuers),
    ];
  } catch (error) {
    if (!isAppError(error)) throw error;
    const action = 'Correct the configuration; nothing else was looked at.';
    const subject = sources.file ?? part ?? '';
    return [{ check: 'configuration', status: 'failed', subject, message: error.message, action }];
  }
  return (await Promise.all(checks.map(perform))).flat();
}

async function checksOf(part: PartName, sources: ConfigSources): Promise<Check[]> {
  const { schema } = await loadPart(part);
  const config: unknown = await loadConfig(part, schema, sources);
  switch (part) {
    case 'controller':
      return controllerChecks(config as ControllerConfig);
    case 'gateway':
      return gatewayChecks(config as GatewayConfig);
    case 'router':
      return routerChecks(config as RouterConfig);
    case 'connector':
      return connectorChecks(config as ConnectorConfig);
    case 'dev-idp':
      return [];
  }
}

/** A check that breaks is a finding too. */
async function perform(check: Check): Promise<Finding[]> {
  try {
    return [await check()].flat();
  } catch (error) {
    const action = 'Report this: the check itself broke.';
    return [
      {
        check: 'configuration',
        status: 'failed',
        subject: 'postern doctor',
        message: reasonOf(error),
        action,
      },
    ];
  }
}

const MARK = { ok: 'ok     ', warning: 'WARNING', failed: 'FAILED ' } as const;

function words(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ check, status, subject, message, action }) => [
    `${MARK[status]} ${check.padEnd(13)} ${subject}: ${message}`,
    ...(action === undefined ? [] : [`${' '.repeat(22)}→ ${action}`]),
  ]);
  return `${lines.join('\n')}\n`;
}
