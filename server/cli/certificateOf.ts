import { networkInterfaces } from 'node:os';
import { certificate, type Certificate } from '../http/tls.ts';
import type { Config } from './config.ts';

/** The certificate that the setting `--https` asks for, made on the spot for every name of this machine; or none. */
export async function certificateOf({ https, host }: Config): Promise<Certificate | null> {
  if (https === false) return null;
  const own = Object.values(networkInterfaces()).flatMap(
    (infos) => infos?.map(({ address }) => address) ?? [],
  );
  return certificate(https === true ? undefined : https, [...new Set(['localhost', host, ...own])]);
}
