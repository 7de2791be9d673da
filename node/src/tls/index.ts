export { formatTlsAddress, parseTlsAddress } from './address.ts';
export { dialTls, type DialTlsOptions } from './dial-tls.ts';
export {
  certificateIdentity,
  certificatesOf,
  peerIdentity,
  type PeerIdentity,
} from './peer-identity.ts';
export { programIdentity, type ProgramIdentity } from './program-identity.ts';
