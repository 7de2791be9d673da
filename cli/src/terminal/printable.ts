/**
 * Text that others chose (names, messages of a server), safe to print: control characters, with which
 * it could move the cursor or change what a person already read, become visible.
 */
export function printable(text: string): string {
  return text.replace(
    // C0 but tab and line feed, DEL, C1, and the marks that turn the direction of text.
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
