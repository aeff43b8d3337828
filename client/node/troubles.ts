import type { FromNodeWorker } from './messages.ts';
import { describeRefusal } from './refusals.ts';

/**
 * Reports of workers, or of tabs, only what went wrong.
 * @param noun what one of them is called.
 */
export function troublesOf(
  noun: string,
  log: (line: string) => void,
): (index: number, news: FromNodeWorker) => void {
  return (index, news) => {
    if (news.type === 'state' && news.state === 'failed')
      log(`${noun} ${index + 1} failed: ${describeRefusal(news.outcome, news.message)}`);
    if (news.type === 'engine' && news.note !== null) log(`${noun} ${index + 1}: ${news.note}`);
  };
}
