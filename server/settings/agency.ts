import { agencyId, text, timeZone } from '../system/setting-readers.ts';
import { setting } from './setting.ts';

/** Where this server stands, and whose it is. */
export const AGENCY_SETTINGS = {
  time_zone: setting({
    fallback: 'Asia/Ho_Chi_Minh',
    does: 'Time zone of the console (IANA name).',
    read: timeZone,
  }),
  'agency.id': setting({ fallback: 'local', does: "Agency of this machine's own collector.", read: agencyId }),
  'agency.name': setting({ fallback: 'Máy chủ này (this server)', does: 'Its name.', read: text(1, 200) }),
  'agency.person': setting({
    fallback: '',
    fallbackText: 'empty',
    does: 'Whom to call: the contact card on alerts.',
    read: text(0, 200),
  }),
  'agency.phone': setting({
    fallback: '',
    fallbackText: 'empty',
    does: 'Telephone number on the contact card.',
    read: text(0, 50),
  }),
  'agency.email': setting({
    fallback: '',
    fallbackText: 'empty',
    does: 'E-mail address on the contact card.',
    read: text(0, 200),
  }),
  'agency.address': setting({
    fallback: '',
    fallbackText: 'empty',
    does: 'Postal address on the contact card.',
    read: text(0, 500),
  }),
} as const;
