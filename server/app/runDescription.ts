import type { RunDescription, Welcome } from '../../shared/protocol/messages.ts';
import { TRANSPORT_PREFERENCES } from '../../shared/transport/preference.ts';
import type { Config } from '../config/config.ts';
import { iceServerForBrowsers } from '../config/iceServers.ts';
import { arithmeticOf } from './arithmeticOf.ts';
import type { RunShards } from './runShards.ts';
import type { Training } from './training.ts';

export interface RunDescriptionParts {
  config: Config;
  training: Training;
  shards: RunShards;
  dataset: RunDescription['dataset'];
}

/** What a device is told of the run. */
export function runDescriptionFor(
  device: string,
  { config, training, shards, dataset }: RunDescriptionParts,
): RunDescription {
  return {
    run: training.id,
    incarnation: training.incarnation,
    model: config.spec,
    dataset,
    arithmetic: arithmeticOf(config),
    codecs: [config.codec],
    hosts: shards.hostsFor(device),
    shards: shards.map,
  };
}

/** The data channels that devices may open. @param maxMessageBytes of a message over them. */
export function dataChannelOfferOf(
  { transport, iceServers }: Config,
  maxMessageBytes: number,
): Welcome['dataChannels'] {
  const { opensChannels, waitsForChannels } = TRANSPORT_PREFERENCES[transport];
  if (!opensChannels) return null;
  return { wanted: waitsForChannels, iceServers: iceServers.map(iceServerForBrowsers), maxMessageBytes };
}
