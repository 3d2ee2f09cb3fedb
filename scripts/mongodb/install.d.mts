export function installMongod(log: (line: string) => void): Promise<string>;
