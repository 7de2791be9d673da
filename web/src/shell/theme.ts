/** Light, dark, or as the system. Only this choice is kept in the browser. */
export type Theme = 'system' | 'light' | 'dark';
export const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
const KEY = 'postern-console-theme';

export function storedTheme(storage: Pick<Storage, 'getItem'>): Theme {
  const stored = storage.getItem(KEY);
  return THEMES.find((theme) => theme === stored) ?? 'system';
}

export function applyTheme(
  theme: Theme,
  storage: Pick<Storage, 'setItem'>,
  root: HTMLElement,
): void {
  root.dataset['theme'] = theme;
  storage.setItem(KEY, theme);
}
