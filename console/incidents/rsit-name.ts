import { RSIT_KEYS } from '../../ecs/rsit.ts';
import type { TextKey, Translate } from '../i18n/messages.ts';

/** What people call a class of the taxonomy (`class/type`), in the reader's language; the key itself where it is unknown. */
export function rsitName(t: Translate, key: string): string {
  if (!RSIT_KEYS.includes(key)) return key;
  const [name = '', type = ''] = key.split('/');
  return `${t(`rsit.${name}` as TextKey)}: ${rsitType(t, type)}`;
}

/** What people call one type within its class. */
export function rsitType(t: Translate, type: string): string {
  return t(`rsit.type.${type}` as TextKey);
}
