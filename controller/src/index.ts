export {
  controllerConfigSchema,
  type ControllerConfig,
  type ControllerConfigInput,
} from './config.ts';
export { createController, type ControllerOptions, type RunningController } from './controller.ts';
