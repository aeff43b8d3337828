import { networkInterfaces } from 'node:os';
import { certificate, type Certificate } from '../http/tls.ts';
import type { Config } from '../config/config.ts';
import type { Calendar } from './machineTime.ts';

/** The certificate that the setting `--https` asks for, made on the spot for every name of this machine; or none. */
export async function certificateOf(
  { https, host }: Config,
  calendar: Calendar,
): Promise<Certificate | null> {
  if (https === false) return null;
  const own = Object.values(networkInterfaces()).flatMap(
    (infos) => infos?.map(({ address }) => address) ?? [],
  );
  const hosts = [...new Set(['localhost', host, ...own])];
  return certificate(https === true ? undefined : https, hosts, calendar.today());
}
