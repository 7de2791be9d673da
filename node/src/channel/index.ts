export { runChannel, type FrameReceiver } from './run-channel.ts';
export { createSocketPipe } from './socket-pipe.ts';
