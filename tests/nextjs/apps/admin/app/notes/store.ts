const shared = globalThis as { notes?: string[] };

/** Notes live as long as the process. On globalThis because pages and actions may be bundled apart. */
export const notes = (shared.notes ??= []);
