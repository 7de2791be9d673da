import { useEffect, useRef, type ReactNode } from 'react';
import { words } from '../words/index.ts';

export interface PageProps {
  title: string;
  text?: string;
  /** What can be done here. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A page of the console: its heading has the focus first, so that screen readers say where one is. */
export function Page({ title, text, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} – ${words.title}`;
    window.scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <>
      <header className="page-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {text !== undefined && <p>{text}</p>}
        </div>
        {actions !== undefined && <div className="buttons">{actions}</div>}
      </header>
      {children}
    </>
  );
}
