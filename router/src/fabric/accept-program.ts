/** Whether a program is a connector of ours or has an SDK of OpenZiti: its Hello tells, by having a token. */
import type { ProgramIdentity } from '@postern/node/tls';
import { AppError } from '@postern/shared/errors';
import {
  ContentType,
  decodeMessage,
  HeaderKey,
  HELLO_LIMITS,
} from '@postern/shared/protocol/channel';
import type { PeerContext } from '../net/peer-context.ts';
import type { TlsFrameSocket } from '../net/tls-frame-socket.ts';
import { SdkConnection } from '../sdk/sdk-connection.ts';
import { acceptHost } from './host-connection.ts';

/** Takes a program over once its Hello is due. `settled` ends the time limit. */
export function acceptProgram(
  context: PeerContext,
  socket: TlsFrameSocket,
  program: Omit<ProgramIdentity, 'trustDomain'> & { isModern: boolean },
  settled: () => void,
): void {
  socket.onClose = settled;
  socket.onFrame = (frame) => {
    const hello = decodeMessage(frame, HELLO_LIMITS);
    if (hello.contentType !== ContentType.hello)
      throw new AppError('ERR_CHANNEL_HEADER', 'expected Hello first');
    if (hello.headers.has(HeaderKey.sessionToken)) {
      new SdkConnection(context, socket, program, hello, settled);
    } else if (program.apiSessionId === undefined && program.isModern) {
      acceptHost(context, socket, program.identityId, hello, settled);
    } else {
      throw new AppError(
        'ERR_PEER_IDENTITY',
        'a connector comes by TLS 1.3 and a certificate of its own',
      );
    }
  };
}
