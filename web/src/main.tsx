import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Session } from './session/session.ts';
import { Console } from './shell/console.tsx';
import { applyTheme, storedTheme } from './shell/theme.ts';
import './look/base.css';
import './look/controls.css';
import './look/pages.css';

const place = document.getElementById('console');
const origin = document.querySelector<HTMLMetaElement>('meta[name="postern-controller"]')?.content;

applyTheme(storedTheme(localStorage), localStorage, document.documentElement);
if (place) {
  const session = new Session({ origin: origin ?? '', fetch: (...args) => fetch(...args) });
  createRoot(place).render(
    <StrictMode>
      <Console session={session} />
    </StrictMode>,
  );
}
