/** The base of the server: the console is one folder below it. */
export const serverBase = (): string => new URL('..', location.href).href;
