import type { SilenceReason } from './agency-silence.ts';
import type { NoticeTexts } from './record.ts';

/** Names that stand in one notice; the page of collectors has them all. */
const MOST_NAMES = 20;

const WHY: Readonly<Record<SilenceReason, Readonly<Record<keyof NoticeTexts, string>>>> = {
  collectors: {
    vi: 'Không bộ thu thập nào của đơn vị còn báo về. Kiểm tra máy, điện và đường truyền của đơn vị.',
    en: 'None of its collectors reports any more. Look at its machines, its power and its line.',
    km: 'គ្មានឧបករណ៍ប្រមូលណាមួយរបស់អង្គភាពនេះរាយការណ៍មកទៀតទេ។ សូមពិនិត្យម៉ាស៊ីន ភ្លើង និងខ្សែបណ្ដាញរបស់អង្គភាព។',
  },
  revoked: {
    vi: 'Đơn vị không còn bộ thu thập nào có hiệu lực: chứng thư đã bị thu hồi. Cài đặt lại nếu vẫn phải giám sát đơn vị này.',
    en: 'It has no collector in force any more: their certificates were revoked. Install one again if it is still to be watched.',
    km: 'អង្គភាពនេះគ្មានឧបករណ៍ប្រមូលដែលនៅមានសុពលភាពទៀតទេ៖ វិញ្ញាបនបត្រត្រូវបានដកហូត។ សូមដំឡើងម្ដងទៀត បើនៅត្រូវតាមដានអង្គភាពនេះ។',
  },
  sources: {
    vi: 'Bộ thu thập vẫn chạy nhưng không nguồn nhật ký nào có dữ liệu. Kiểm tra các nguồn trên trang Bộ thu thập.',
    en: 'Its collectors run, but none of their log sources gives anything. Look at the sources on the page of collectors.',
    km: 'ឧបករណ៍ប្រមូលនៅដំណើរការ ប៉ុន្តែគ្មានប្រភពកំណត់ហេតុណាមួយផ្ដល់ទិន្នន័យទេ។ សូមពិនិត្យប្រភពនៅលើទំព័រឧបករណ៍ប្រមូល។',
  },
};

/** That nothing comes from an agency since a time on the wall. */
export function lostTexts(agency: string, reason: SilenceReason, since: string): NoticeTexts {
  const why = WHY[reason];
  return {
    vi: { title: `Mất tín hiệu từ ${agency}`, text: `Không nhận được gì từ ${since}. ${why.vi}` },
    en: { title: `Nothing comes from ${agency}`, text: `Nothing has come since ${since}. ${why.en}` },
    km: { title: `គ្មានអ្វីមកពី ${agency}`, text: `គ្មានអ្វីមកដល់តាំងពី ${since}។ ${why.km}` },
  };
}

/** That it is heard again. */
export function backTexts(agency: string): NoticeTexts {
  return {
    vi: { title: `Đã có lại tín hiệu từ ${agency}`, text: 'Bộ thu thập gửi dữ liệu trở lại.' },
    en: { title: `${agency} is heard again`, text: 'Its collectors send again.' },
    km: { title: `ទទួលបានទិន្នន័យពី ${agency} ឡើងវិញ`, text: 'ឧបករណ៍ប្រមូលផ្ញើទិន្នន័យឡើងវិញ។' },
  };
}

/** That many fell silent at once. */
export function manyTexts(names: readonly string[]): NoticeTexts {
  const count = names.length;
  const list = listed(names);
  return {
    vi: {
      title: `Mất tín hiệu từ ${count} đơn vị cùng lúc`,
      text: `Kiểm tra đường truyền và máy chủ tiếp nhận trước: ${list.vi}.`,
    },
    en: {
      title: `Nothing comes from ${count} agencies at once`,
      text: `Look at the network and at the receiving server first: ${list.en}.`,
    },
    km: {
      title: `គ្មានអ្វីមកពីអង្គភាព ${count} ក្នុងពេលតែមួយ`,
      text: `សូមពិនិត្យបណ្ដាញ និងម៉ាស៊ីនមេទទួលជាមុនសិន៖ ${list.km}។`,
    },
  };
}

/** That many are heard again at once. */
export function manyBackTexts(names: readonly string[]): NoticeTexts {
  const count = names.length;
  const list = listed(names);
  return {
    vi: { title: `Đã có lại tín hiệu từ ${count} đơn vị`, text: `${list.vi}.` },
    en: { title: `${count} agencies are heard again`, text: `${list.en}.` },
    km: { title: `ទទួលបានទិន្នន័យពីអង្គភាព ${count} ឡើងវិញ`, text: `${list.km}។` },
  };
}

function listed(names: readonly string[]): Readonly<Record<keyof NoticeTexts, string>> {
  const shown = names.slice(0, MOST_NAMES).join(', ');
  const rest = names.length - MOST_NAMES;
  if (rest <= 0) return { vi: shown, en: shown, km: shown };
  return {
    vi: `${shown} và ${rest} đơn vị khác`,
    en: `${shown} and ${rest} more`,
    km: `${shown} និងអង្គភាព ${rest} ទៀត`,
  };
}
