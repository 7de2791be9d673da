export { isResume } from './messages.ts';
export { ResumableCircuit, type ResumableCircuitOptions } from './resumable-circuit.ts';
export {
  HOST_RETURN_MS,
  RESUME_GRACE_MS,
  SOLE_HOST_RETURN_MS,
  ResumeClient,
  type Redial,
  type ResumeClientOptions,
} from './resume-client.ts';
export { ResumptionKeys, type ResumptionSecrets } from './resumption-keys.ts';
export { Resumptions, type ResumptionsOptions } from './resumptions.ts';
