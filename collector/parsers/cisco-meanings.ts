/** ECS categorization of a message. */
export interface Meaning {
  readonly category: readonly string[];
  readonly type: readonly string[];
  readonly action?: string;
  readonly outcome?: 'success' | 'failure';
}

/** Traffic. */
export const NETWORK = ['network'];
/** Logins. */
export const AUTH = ['authentication'];
/** A packet or connection that was refused. */
export const DENIED: Meaning = {
  category: NETWORK,
  type: ['connection', 'denied'],
  action: 'firewall-rule',
  outcome: 'failure',
};
/** A packet or connection that a rule saw. */
export const RULE: Meaning = { category: NETWORK, type: ['connection', 'info'], action: 'firewall-rule' };
/** A connection made. */
export const BUILT: Meaning = {
  category: NETWORK,
  type: ['connection', 'start'],
  action: 'flow-creation',
  outcome: 'success',
};
/** A connection ended, its outcome in the reason. */
export const TORN: Meaning = { category: NETWORK, type: ['connection', 'end'], action: 'flow-expiration' };
/** A connection ended. */
export const TORN_WELL: Meaning = { ...TORN, outcome: 'success' };
/** A login that worked. */
export const LOGIN: Meaning = { category: AUTH, type: ['info'], action: 'logged-in', outcome: 'success' };
/** A login refused. */
export const REFUSED: Meaning = { category: AUTH, type: ['info'], action: 'logon-failed', outcome: 'failure' };
/** A note of the device. */
export const NOTE: Meaning = { category: NETWORK, type: ['info'] };
/** A command given. */
export const COMMAND: Meaning = { category: ['configuration'], type: ['info'], action: 'command-executed' };
/** A configuration changed. */
export const CONFIGURED: Meaning = {
  category: ['configuration'],
  type: ['change'],
  action: 'configuration',
  outcome: 'success',
};
/** A translation made. */
export const TRANSLATED: Meaning = {
  category: ['network', 'configuration'],
  type: ['creation'],
  action: 'nat-slot',
  outcome: 'success',
};
/** A VPN session that began. */
export const VPN_UP: Meaning = {
  category: ['network', 'session'],
  type: ['connection', 'start'],
  action: 'client-vpn-connected',
  outcome: 'success',
};
/** A VPN session that ended. */
export const VPN_DOWN: Meaning = {
  category: ['network', 'session'],
  type: ['connection', 'end'],
  action: 'client-vpn-disconnected',
};
/** A VPN session refused. */
export const VPN_REFUSED: Meaning = {
  category: ['network', 'session'],
  type: ['connection', 'denied'],
  action: 'client-vpn-error',
  outcome: 'failure',
};
/** Traffic that the botnet filter saw. */
export const FILTERED: Meaning = { category: NETWORK, type: ['connection', 'info'], action: 'dynamic-filter' };
/** A TLS handshake. */
export const TLS: Meaning = { category: NETWORK, type: ['connection', 'protocol'] };

/** One message: its number or numbers, what it is about, and its texts, tried in order. */
export type CiscoRow = readonly [numbers: string, meaning: Meaning, ...texts: string[]];
