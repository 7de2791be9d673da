export function findBrowser(kind: 'chromium' | 'firefox' | 'webkit'): string | undefined;
export function ensureBrowsers(): void;
