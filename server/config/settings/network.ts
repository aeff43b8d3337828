import { TRANSPORT_PREFERENCE_NAMES, TRANSPORT_PREFERENCES } from '../../../shared/transport/preference.ts';
import { CODEC_NAMES, CODECS } from '../../../shared/codec/codecs.ts';
import { RUNS, SERVERS, setting } from '../setting.ts';
import {
  httpsFiles,
  iceServers,
  meaningsOf,
  oneOf,
  shardList,
  wholeNumber,
  words,
  type IceServerAddress,
} from '../values.ts';

/** How a server is reached, and what travels how. */
export const NETWORK_SETTINGS = {
  shards: setting(
    RUNS,
    shardList,
    1,
    'Parameter-server shards in this process, or the addresses of the shard processes.',
  ),
  maxParameters: setting(
    RUNS,
    wholeNumber(1, 64 * 2 ** 20),
    4_000_000,
    'Parameters that a model has at most: a message that is larger than one of these closes its connection.',
    { unit: 'parameters' },
  ),
  port: setting(SERVERS, wholeNumber(0, 65_535), 8080, 'Port to listen on; 0 is any free one.', {
    defaults: { demo: 0, shard: 8081 },
  }),
  host: setting(
    SERVERS,
    words('an address or a name', '<address>', 255),
    '0.0.0.0',
    'Address to listen on.',
    {
      defaults: { demo: '127.0.0.1', shard: '127.0.0.1' },
    },
  ),
  https: setting(
    SERVERS,
    httpsFiles,
    false,
    'Serve TLS: with a self-signed certificate made at the start, or with the two files given.',
  ),
  transport: setting(
    [...SERVERS, 'swarm'],
    oneOf(...TRANSPORT_PREFERENCE_NAMES),
    'auto',
    `How updates and weights travel (${meaningsOf(TRANSPORT_PREFERENCES)}).`,
  ),
  codec: setting(
    RUNS,
    oneOf(...CODEC_NAMES),
    'float32',
    `How updates travel up (${meaningsOf(CODECS)}); weights travel down as float32.`,
  ),
  iceServers: setting<IceServerAddress[]>(
    SERVERS,
    iceServers,
    [],
    'STUN and TURN servers, so that tabs in other networks can reach the data channels.',
    { secret: true },
  ),
  shardSecret: setting(
    SERVERS,
    words('a secret', '<secret>', 128),
    '',
    'Secret shared by the server and its shard processes; better set in the environment, which other users cannot see.',
    { secret: true },
  ),
};
