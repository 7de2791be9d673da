export {
  createCertificateRequest,
  generateCertificateKeys,
  privateKeyPem,
} from './certificate-request.ts';
export { beginEnrollment, type Enrollment } from './enrollment.ts';
