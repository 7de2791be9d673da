export { verifyAuditExport, verifyAuditStore, type HeadFiles } from './audit/verify-sources.ts';
export type { AuditProblem, AuditVerdict } from './audit/verify-audit.ts';
export { backUpController, restoreController } from './store/backup/index.ts';
export {
  controllerConfigSchema,
  type ControllerConfig,
  type ControllerConfigInput,
} from './config.ts';
export { createController, type ControllerOptions, type RunningController } from './controller.ts';
