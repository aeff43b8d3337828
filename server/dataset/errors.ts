/** A data set that cannot be used; the message names the file or the field, what is wrong with it and what to do. */
export class DatasetError extends Error {
  override name = 'DatasetError';
}
