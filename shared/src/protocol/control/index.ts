export { ControlChannel } from './control-channel.ts';
export type { ControlChannelOptions } from './control-channel.ts';
export { ControlConnection } from './control-connection.ts';
export type { ControlConnectionOptions, ControlPosition } from './control-connection.ts';
export {
  CONNECTOR_SENDS,
  CONTROLLER_SENDS,
  controlMessages,
  controlTypeOf,
  ROUTER_SENDS,
} from './messages.ts';
export type { ControlBody, ControlMessage, ControlType } from './messages.ts';
export { ControlAssembler, MAX_CONTROL_BODY_BYTES, PART_BYTES, splitControl } from './split.ts';
