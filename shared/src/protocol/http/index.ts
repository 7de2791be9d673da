export { Unacknowledged } from './unacknowledged.ts';
export { ContentLengthCheck, contentLengthOf } from './content-length.ts';
export {
  decodeFields,
  encodeFields,
  isFieldName,
  isFieldValue,
  isForbiddenField,
  type Field,
} from './fields.ts';
export {
  decodeRequestHead,
  decodeResponseHead,
  encodeRequestHead,
  encodeResponseHead,
  isInformational,
  type RequestHead,
  type ResponseHead,
} from './heads.ts';
export { MAX_FIELDS, MAX_FIELDS_BYTES, MAX_METHOD_BYTES, MAX_TARGET_BYTES } from './limits.ts';
export {
  FragmentDecoder,
  MAX_FRAGMENT_BYTES,
  decodeAck,
  decodeClose,
  encodeAck,
  encodeClose,
  encodeFragment,
  encodeMessage,
  type FragmentKind,
  type WebSocketFragment,
} from './web-socket-fragments.ts';
export { applicationTimeMs, TIMING_FIELD } from './timing.ts';
