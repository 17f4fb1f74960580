import type { EnrolProblem } from '../enrol/enrol.ts';
import type { Language } from './language.ts';

/** Why an enrolment failed and what to do, in the three languages. */
export const ENROL_TEXT: Readonly<Record<Language, Readonly<Record<EnrolProblem, string>>>> = {
  vi: {
    token_form: 'Mã đăng ký không đầy đủ. Hãy sao chép lại toàn bộ mã, bắt đầu bằng "hd1.".',
    address: 'Địa chỉ máy chủ không đúng. Hãy ghi dạng https://ten-may-chu:8443.',
    unreachable: 'Không kết nối được tới máy chủ. Hãy kiểm tra địa chỉ, cổng 8443 và tường lửa.',
    proxy: 'Máy chủ trung gian (proxy) không cho kết nối. Hãy kiểm tra địa chỉ và tài khoản proxy.',
    untrusted:
      'Máy chủ trả lời không phải là máy chủ đã cấp mã này; chưa gửi thông tin nào. Hãy kiểm tra địa chỉ, hoặc có thiết bị chặn giữa đường.',
    name: 'Chứng thư của máy chủ không có tên này. Hãy dùng địa chỉ do tỉnh cung cấp, hoặc nhờ tỉnh thêm tên vào "ingest_names".',
    tls: 'Không thiết lập được kết nối bảo mật với máy chủ. Hãy kiểm tra đồng hồ của máy này và thiết bị chặn giữa đường.',
    token_unknown: 'Máy chủ không biết mã đăng ký này. Hãy xin tỉnh mã mới và sao chép đầy đủ.',
    token_used: 'Mã đăng ký đã được dùng. Mỗi mã chỉ dùng một lần cho một máy; hãy xin tỉnh mã mới.',
    token_expired: 'Mã đăng ký đã hết hạn. Hãy xin tỉnh mã mới.',
    too_many: 'Có quá nhiều lần đăng ký trong một phút. Hãy chờ một phút rồi thử lại.',
    refused: 'Máy chủ từ chối đăng ký. Hãy gửi dòng chi tiết bên dưới cho tỉnh.',
    folder:
      'Không ghi được vào thư mục cấu hình. Hãy chạy bằng người dùng có quyền, hoặc chọn thư mục khác bằng --folder.',
  },
  en: {
    token_form: 'The enrolment token is not whole. Copy it again from "hd1." to its end.',
    address: 'The address of the server is not right. Write it as https://server-name:8443.',
    unreachable: 'The server cannot be reached. Check the address, port 8443 and the firewall.',
    proxy: 'The proxy does not let the connection through. Check its address and account.',
    untrusted:
      'The server that answers is not the one that made this token; nothing was sent to it. Check the address; a device on the way may be intercepting connections.',
    name: 'The certificate of the server does not have this name. Use the address that the province gave, or have it added to "ingest_names" there.',
    tls: 'No secure connection to the server came about. Check the clock of this machine, and devices on the way that intercept connections.',
    token_unknown: 'The server does not know this enrolment token. Ask the province for a new one, and copy it whole.',
    token_used: 'The enrolment token was used already. Each is for one machine, once; ask the province for a new one.',
    token_expired: 'The enrolment token has expired. Ask the province for a new one.',
    too_many: 'Too many enrolments were tried within a minute. Wait a minute and try again.',
    refused: 'The server refused the enrolment. Send the detail below to the province.',
    folder:
      'The folder of the configuration cannot be written. Run this as a user who may, or choose another with --folder.',
  },
  km: {
    token_form: 'លេខកូដចុះឈ្មោះមិនពេញលេញទេ។ សូមចម្លងម្ដងទៀតទាំងស្រុង ចាប់ពី "hd1."។',
    address: 'អាសយដ្ឋានម៉ាស៊ីនមេមិនត្រឹមត្រូវ។ សូមសរសេរជា https://ឈ្មោះម៉ាស៊ីនមេ:8443។',
    unreachable: 'មិនអាចភ្ជាប់ទៅម៉ាស៊ីនមេបានទេ។ សូមពិនិត្យអាសយដ្ឋាន ច្រក 8443 និងជញ្ជាំងភ្លើង។',
    proxy: 'ម៉ាស៊ីនប្រូកស៊ីមិនអនុញ្ញាតឱ្យភ្ជាប់ទេ។ សូមពិនិត្យអាសយដ្ឋាន និងគណនីរបស់វា។',
    untrusted:
      'ម៉ាស៊ីនមេដែលឆ្លើយ មិនមែនជាម៉ាស៊ីនដែលបានបង្កើតលេខកូដនេះទេ ហើយមិនទាន់បានផ្ញើអ្វីទៅវាឡើយ។ សូមពិនិត្យអាសយដ្ឋាន ឬអាចមានឧបករណ៍ស្ទាក់ចាប់នៅតាមផ្លូវ។',
    name: 'វិញ្ញាបនបត្ររបស់ម៉ាស៊ីនមេមិនមានឈ្មោះនេះទេ។ សូមប្រើអាសយដ្ឋានដែលខេត្តបានផ្ដល់ ឬសុំឱ្យខេត្តបន្ថែមឈ្មោះក្នុង "ingest_names"។',
    tls: 'មិនអាចបង្កើតការតភ្ជាប់សុវត្ថិភាពជាមួយម៉ាស៊ីនមេបានទេ។ សូមពិនិត្យនាឡិកាម៉ាស៊ីននេះ និងឧបករណ៍ស្ទាក់ចាប់នៅតាមផ្លូវ។',
    token_unknown: 'ម៉ាស៊ីនមេមិនស្គាល់លេខកូដចុះឈ្មោះនេះទេ។ សូមសុំលេខកូដថ្មីពីខេត្ត ហើយចម្លងឱ្យពេញលេញ។',
    token_used: 'លេខកូដចុះឈ្មោះត្រូវបានប្រើរួចហើយ។ មួយប្រើបានតែម្ដងសម្រាប់ម៉ាស៊ីនមួយ សូមសុំលេខកូដថ្មីពីខេត្ត។',
    token_expired: 'លេខកូដចុះឈ្មោះបានផុតកំណត់ហើយ។ សូមសុំលេខកូដថ្មីពីខេត្ត។',
    too_many: 'មានការចុះឈ្មោះច្រើនពេកក្នុងមួយនាទី។ សូមរង់ចាំមួយនាទី រួចព្យាយាមម្ដងទៀត។',
    refused: 'ម៉ាស៊ីនមេបានបដិសេធការចុះឈ្មោះ។ សូមផ្ញើព័ត៌មានលម្អិតខាងក្រោមទៅខេត្ត។',
    folder: 'មិនអាចសរសេរក្នុងថតការកំណត់បានទេ។ សូមដំណើរការដោយអ្នកប្រើដែលមានសិទ្ធិ ឬជ្រើសរើសថតផ្សេងដោយ --folder។',
  },
};

/** What is said when it worked. */
export const ENROLLED_TEXT: Readonly<Record<Language, (id: string, agency: string, until: string) => string>> = {
  vi: (id, agency, until) =>
    `Đã đăng ký: bộ thu thập ${id} của cơ quan ${agency}. Chứng thư có hạn đến ${until} và tự gia hạn.`,
  en: (id, agency, until) =>
    `Enrolled: collector ${id} of agency ${agency}. Its certificate is valid until ${until} and renews itself.`,
  km: (id, agency, until) =>
    `បានចុះឈ្មោះ៖ ឧបករណ៍ប្រមូល ${id} របស់អង្គភាព ${agency}។ វិញ្ញាបនបត្រមានសុពលភាពដល់ ${until} ហើយបន្តដោយខ្លួនឯង។`,
};

/** What stands before the command that starts the collector. */
export const NEXT_TEXT: Readonly<Record<Language, string>> = {
  vi: 'Việc tiếp theo, nếu chưa làm: khởi động bộ thu thập bằng lệnh',
  en: 'Next, unless it is done: start the collector with',
  km: 'បន្ទាប់មក បើមិនទាន់ធ្វើ៖ ចាប់ផ្ដើមឧបករណ៍ប្រមូលដោយពាក្យបញ្ជា',
};
