export function findBrowser(kind: 'chromium' | 'firefox'): string | undefined;
export function ensureBrowsers(): void;
