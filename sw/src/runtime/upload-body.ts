/** The body of a request as bytes that can be read piece by piece, and again. */

export interface UploadBody {
  blob: Blob;
  /** `Content-Type` where the caller gives none. */
  type: string | undefined;
}

/**
 * Fetch §2.2.4 "extract a body", for what can be read more than once; `undefined` for the rest
 * (streams and documents). Nothing is copied: parts of a `Blob` are references.
 */
export function toUploadBody(body: unknown): UploadBody | undefined {
  if (typeof body === 'string') {
    return { blob: new Blob([body]), type: 'text/plain;charset=UTF-8' };
  }
  if (body instanceof Blob) return { blob: body, type: body.type === '' ? undefined : body.type };
  if (body instanceof URLSearchParams) {
    return {
      blob: new Blob([body.toString()]),
      type: 'application/x-www-form-urlencoded;charset=UTF-8',
    };
  }
  if (body instanceof FormData) return multipart(body);
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) {
    return { blob: new Blob([body as ArrayBuffer]), type: undefined };
  }
  return undefined;
}

/** HTML §4.10.21.8 "multipart/form-data encoding algorithm". */
function multipart(form: FormData): UploadBody {
  const random = crypto.getRandomValues(new Uint8Array(12));
  const boundary = `----postern${[...random].map((byte) => byte.toString(16)).join('')}`;
  const parts: BlobPart[] = [];
  for (const [name, value] of form) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escape(lines(name))}"`;
    if (typeof value === 'string') parts.push(`${head}\r\n\r\n${lines(value)}\r\n`);
    else {
      const type = value.type === '' ? 'application/octet-stream' : value.type;
      const file = `; filename="${escape(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`;
      parts.push(head + file, value, '\r\n');
    }
  }
  parts.push(`--${boundary}--\r\n`);
  return { blob: new Blob(parts), type: `multipart/form-data; boundary=${boundary}` };
}

const lines = (text: string): string => text.replace(/\r\n|\r|\n/g, '\r\n');

const escape = (text: string): string =>
  text.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
