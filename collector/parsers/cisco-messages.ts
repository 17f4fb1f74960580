import { DEVICE_MESSAGES } from './cisco-device-messages.ts';
import type { Meaning } from './cisco-meanings.ts';
import { TRAFFIC_MESSAGES } from './cisco-traffic-messages.ts';
import type { Template } from './message-template.ts';
import { template } from './message-template.ts';

/** How the message of one number is read, and what it is about. */
export interface CiscoMessage {
  readonly templates: readonly Template[];
  readonly meaning: Meaning;
}

const BACK =
  '{dif}:{dst}/{dport}[ ({nat2}/{nat2port})][ ({duser})][({duser})] to {sif}:{src}/{sport}[ ({nat}/{natport})][({suser})]';

function readRows(): Map<string, CiscoMessage> {
  const messages = new Map<string, CiscoMessage>();
  for (const [numbers, meaning, ...texts] of [...TRAFFIC_MESSAGES, ...DEVICE_MESSAGES]) {
    const message = { templates: texts.map(template), meaning };
    for (const number of numbers.split(' ')) messages.set(number, message);
  }
  // A connection that was made outwards names its far end first.
  const built = messages.get('302013') as CiscoMessage;
  const outward = template(`Built[ Probe] {outward} {transport} connection {id} for ${BACK}[ ({user})]~`);
  for (const number of ['302013', '302015']) {
    messages.set(number, { ...built, templates: [outward, ...built.templates] });
  }
  return messages;
}

/** Messages of ASA and of the ASA part of FTD, by number. */
export const CISCO_MESSAGES: ReadonlyMap<string, CiscoMessage> = readRows();
