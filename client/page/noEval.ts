import { config } from 'zod/mini';

/*
 * Import this before any module that makes a schema. zod compiles schemas with `new Function` where it may;
 * under the server's content security policy even the attempt is reported as a violation.
 */
config({ jitless: true });
