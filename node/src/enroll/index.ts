export {
  createCertificateRequest,
  generateCertificateKeys,
  privateKeyPem,
} from './certificate-request.ts';
export { CertificateRenewal, type Credential } from './certificate-renewal.ts';
export { Renewable } from './renewable.ts';
export { renewOverControl } from './renew-over-control.ts';
export { beginEnrollment, type Enrollment, type EnrollmentProof } from './enrollment.ts';
