/** @returns path of the file, from the folder of the package → its content */
export function generate(): Promise<Record<string, string>>;
