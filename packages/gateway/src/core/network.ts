import type { KnownLanguage } from './languages.js';

const prefix = 'allow:';
const targetsMax = 32;
/** A name, an IPv4 address, or an IPv6 address in brackets. */
const targetForm = /^([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9a-fA-F:.]{2,45}\]):([0-9]{1,5})$/;

/**
 * What a function may reach in its one form: empty (nothing), "host", or "allow:HOST:PORT,…" in lower case. Adds what is
 * wrong to the mistakes.
 */
export function checkedNetwork(network: string, { isStatic, lang, wasm }: KnownLanguage, mistakes: string[]): string {
  if (network === '' || network === 'none') return '';
  if (isStatic || wasm) {
    mistakes.push(`network is for js, ts, python and php: a function in ${lang} has no socket`);
    return '';
  }
  if (network === 'host') return network;
  if (!network.startsWith(prefix)) {
    mistakes.push('network must be allow:HOST:PORT with more after commas, host, or none');
    return '';
  }
  const targets = network.slice(prefix.length).split(',');
  if (targets.length > targetsMax) mistakes.push(`network may name at most ${targetsMax}, not ${targets.length}`);
  return prefix + targets.map((target) => checkedTarget(target, mistakes)).join();
}

function checkedTarget(text: string, mistakes: string[]): string {
  const [, host = '', port = ''] = targetForm.exec(text) ?? [];
  const name = host && URL.parse(`http://${host}/`)?.hostname;
  if (name && Number(port) >= 1 && Number(port) <= 65_535) return `${name}:${Number(port)}`;
  mistakes.push(`network: ${JSON.stringify(text.slice(0, 80))} is not HOST:PORT, such as api.example.com:443`);
  return text;
}
