// A worker thread is started from a file that Node can run as it is: this one loads the TypeScript beside it.
import { tsImport } from 'tsx/esm/api';

await tsImport('./thread.ts', import.meta.url);
