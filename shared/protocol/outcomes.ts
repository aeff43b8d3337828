interface OutcomeTraits {
  means: string;
  /** What the one who is answered does. */
  next: string;
  /** The server closes the connection. */
  closes: boolean;
}

/**
 * Every request gets exactly one answer, and its `outcome` is one of these [PR1].
 * `closes` marks the violations after which the server closes that peer's connection.
 */
export const OUTCOMES = {
  OK: { means: 'The request was done.', next: 'Go on.', closes: false },
  APPLIED: {
    means: 'The update is part of the model as of the version given.',
    next: 'Train on the weights that came along.',
    closes: false,
  },
  KEPT: {
    means: 'The update is complete and waits for others of its commit; the worker may take another unit.',
    next: 'Ask for work; the weights stay as they are.',
    closes: false,
  },
  DUPLICATE: {
    means: 'This lease was decided before; `first` is the answer that was given then.',
    next: 'Take `first` as the answer.',
    closes: false,
  },
  STALE: {
    means: 'The update was computed on a version too far behind.',
    next: 'Train on the weights that came along.',
    closes: false,
  },
  EXPIRED: {
    means: 'The lease ended before the update was complete; its work is reissued.',
    next: 'Ask for work, unless weights came along.',
    closes: false,
  },
  WITHDRAWN: {
    means:
      'The update was not decided: the run was stopped, the lease was given back, or no check could confirm it.',
    next: 'Ask for work, unless weights came along.',
    closes: false,
  },
  UNKNOWN_LEASE: {
    means: 'The server granted no such lease, or not with these terms.',
    next: 'Release the lease, then ask for work.',
    closes: false,
  },
  WRONG_SHAPE: {
    means:
      'The slice does not fill the key range, or its kind, codec or sample count is not what was leased.',
    next: 'Report it: the client is at fault.',
    closes: false,
  },
  NOT_FINITE: {
    means: 'The update has a NaN or an infinity.',
    next: 'Check the engine, then ask for work.',
    closes: false,
  },
  NORM_EXCEEDED: {
    means: "The update's L2 norm is above the run's bound.",
    next: 'Check the engine, then ask for work.',
    closes: false,
  },
  WRONG_UPDATE: {
    means: 'The update is not what its unit gives: the server computed it again.',
    next: 'Check the engine, then ask for work.',
    closes: false,
  },
  VERSION_GONE: {
    means: 'The shard no longer keeps the version asked for, or does not have it yet.',
    next: 'Release the lease.',
    closes: false,
  },
  UNAVAILABLE: {
    means: 'The server does not have what was asked for.',
    next: 'Go on without it.',
    closes: false,
  },
  CORRUPT: {
    means: 'The checksum does not match the bytes.',
    next: 'Release the lease, then ask for work.',
    closes: false,
  },
  MALFORMED: {
    means: 'The message cannot be read: unknown event, wrong fields, or not a frame.',
    next: 'Report it: the client is at fault.',
    closes: false,
  },
  BUSY: {
    means: 'The peer has as many unanswered requests as it may have.',
    next: 'Wait for an answer before asking again.',
    closes: false,
  },
  NOT_JOINED: {
    means: 'The peer has not said hello, or shows no valid access token.',
    next: 'Say hello first.',
    closes: false,
  },
  WRONG_PROTOCOL: {
    means: 'The peer speaks another protocol version.',
    next: 'Load the page anew; it does so once automatically.',
    closes: true,
  },
  REFUSED: {
    means: 'The credential to join is not valid.',
    next: 'Ask for a new link.',
    closes: true,
  },
  FULL: {
    means: 'The server has as many devices as it takes.',
    next: 'Come back later.',
    closes: true,
  },
  BARRED: {
    means: 'The device may not work for this server: checks found its work wrong, or an operator barred it.',
    next: 'Ask the operator of the server, who can pardon the device.',
    closes: true,
  },
  REPLACED: {
    means: 'The same device joined again over a newer connection.',
    next: 'Close this connection.',
    closes: true,
  },
  TOO_SLOW: {
    means: 'The peer said no hello in time, or does not read its answers.',
    next: 'Connect again.',
    closes: true,
  },
  TOO_MANY_FAULTS: {
    means: 'The peer sent too many messages that could not be read.',
    next: 'Report it: the client is at fault.',
    closes: true,
  },
} as const satisfies Record<string, OutcomeTraits>;

export type Outcome = keyof typeof OUTCOMES;

/** The outcomes as a list, for schemas and documentation. */
export const OUTCOME_NAMES = Object.keys(OUTCOMES) as [Outcome, ...Outcome[]];
