import Link from 'next/link';

// Writes down which parts of the page were to be seen at once.
const recordParts = `
  window.seen = [];
  new MutationObserver(() => {
    const parts = ['waiting-first', 'waiting-second', 'first', 'second'];
    const shown = parts.filter((id) => document.getElementById(id)?.checkVisibility()).join(' ');
    if (shown !== '' && shown !== seen.at(-1)) seen.push(shown);
  }).observe(document, { subtree: true, childList: true, attributes: true });`;

export const metadata = { title: 'Next.js application' };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <script dangerouslySetInnerHTML={{ __html: recordParts }} />
        <nav>
          <Link href="/">Home</Link> <Link href="/stream">Stream</Link>{' '}
          <Link href="/notes">Notes</Link>
        </nav>
        <main>{children}</main>
      </body>
    </html>
  );
}
