export {
  createCertificateRequest,
  generateCertificateKeys,
  privateKeyPem,
} from './certificate-request.ts';
export { beginEnrollment, type Enrollment, type EnrollmentProof } from './enrollment.ts';
