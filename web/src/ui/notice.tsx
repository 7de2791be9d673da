import type { ReactNode } from 'react';

/** A message that screen readers are told of. */
export function Notice({
  tone,
  children,
}: {
  tone: 'bad' | 'good' | 'plain';
  children: ReactNode;
}) {
  return (
    <div className={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}
