/** What the console shows, one at a time: the ids of parts of its page. */
export const VIEWS = ['connecting', 'login', 'console'] as const;
export type View = (typeof VIEWS)[number];
