export const RED = [230, 40, 30] as const;
export const GREEN = [20, 220, 60] as const;
export const BLUE = [30, 60, 240] as const;
