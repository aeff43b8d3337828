import { closestMatch } from 'leven';

/** A word of this many letters may be two edits from what was meant, a shorter one is another word by then. */
const LONG_WORD = 8;

/** The end of a sentence that refuses `word`: the candidate that was meant, as far as one can tell, else nothing. */
export function didYouMean(word: unknown, candidates: readonly string[]): string {
  if (typeof word !== 'string') return '';
  const maxDistance = word.length < LONG_WORD ? 1 : 2;
  const lower = candidates.map((candidate) => candidate.toLowerCase());
  const closest = closestMatch(word.toLowerCase(), lower, { maxDistance });
  const meant = closest === undefined ? undefined : candidates[lower.indexOf(closest)];
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}
