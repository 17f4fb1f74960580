import { join } from 'node:path';
import type { OutboundPolicy } from '../../system/outbound.ts';
import type { PublicSharingKey } from '../keys.ts';
import type { Recipient } from '../settings.ts';
import { archiveChannel } from './archive.ts';
import type { Channel } from './channel.ts';
import { mispChannel } from './misp.ts';
import { taxiiChannel } from './taxii.ts';

/** Opens the way to a recipient: one line for each kind of channel. */
export function openChannel(
  recipient: Recipient,
  options: { readonly data: string; readonly key: PublicSharingKey; readonly outbound: OutboundPolicy },
): Channel {
  const { channel } = recipient;
  const folder = (named: string | undefined) => named ?? join(options.data, 'carry', recipient.id);
  switch (channel.kind) {
    case 'taxii':
      return taxiiChannel(channel, { outbound: options.outbound });
    case 'archive':
      return archiveChannel(folder(channel.folder), options.key);
    case 'misp':
      return mispChannel(folder(channel.folder));
  }
}
