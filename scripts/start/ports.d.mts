export function anyFreePort(...taken: readonly number[]): Promise<number>;
