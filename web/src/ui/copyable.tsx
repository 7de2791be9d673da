import { useState } from 'react';
import { Button } from 'react-aria-components';
import { words } from '../words/index.ts';

/** Text to take along, with a button that copies it. */
export function Copyable({ label, text }: { label: string; text: string }) {
  const [isCopied, setCopied] = useState(false);
  return (
    <figure className="copyable">
      <figcaption>{label}</figcaption>
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <Button
        className="plain"
        aria-label={`${words.form.copy}: ${label}`}
        onPress={() => {
          navigator.clipboard.writeText(text).then(
            () => setCopied(true),
            () => setCopied(false),
          );
        }}
      >
        {isCopied ? words.form.copied : words.form.copy}
      </Button>
    </figure>
  );
}
