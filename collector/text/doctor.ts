import type { Language } from './language.ts';

/** What the doctor looks at, in the order in which one thing needs the one before. */
export type CheckName =
  | 'config'
  | 'running'
  | 'dns'
  | 'tcp'
  | 'tls'
  | 'certificate'
  | 'server'
  | 'clock'
  | 'disk'
  | 'spool'
  | 'geo'
  | 'inputs'
  | 'input';

/** What is wrong; each has a sentence and an advice. */
export type Fault =
  | 'config'
  | 'not_enrolled'
  | 'not_allowed'
  | 'stopped'
  | 'dns'
  | 'tcp'
  | 'proxy'
  | 'tls'
  | 'authority'
  | 'name'
  | 'expired'
  | 'expires'
  | 'not_yet'
  | 'identity'
  | 'refused'
  | 'copied'
  | 'answer'
  | 'clock'
  | 'disk'
  | 'spool'
  | 'spool_full'
  | 'unreadable'
  | 'hidden'
  | 'absent'
  | 'port'
  | 'low_port'
  | 'geo'
  | 'journal'
  | 'no_logs';

interface Text {
  readonly what: string;
  readonly todo: string;
}

export const CHECK_TEXT: Readonly<Record<Language, Readonly<Record<CheckName, string>>>> = {
  vi: {
    config: 'Tệp cấu hình',
    running: 'Bộ thu thập',
    dns: 'Tên máy chủ',
    tcp: 'Kết nối tới máy chủ',
    tls: 'Kết nối bảo mật và chứng thư máy chủ',
    certificate: 'Chứng thư của máy này',
    server: 'Máy chủ trả lời',
    clock: 'Đồng hồ',
    disk: 'Dung lượng đĩa',
    spool: 'Bộ đệm trên đĩa',
    geo: 'Bảng địa chỉ IP',
    inputs: 'Nguồn nhật ký',
    input: 'Nguồn',
  },
  en: {
    config: 'Configuration',
    running: 'Collector',
    dns: 'Name of the server',
    tcp: 'Connection to the server',
    tls: 'Secure connection and certificate of the server',
    certificate: 'Certificate of this machine',
    server: 'Answer of the server',
    clock: 'Clock',
    disk: 'Disk space',
    spool: 'Disk buffer',
    geo: 'Tables of addresses',
    inputs: 'Sources',
    input: 'Source',
  },
  km: {
    config: 'ឯកសារកំណត់រចនាសម្ព័ន្ធ',
    running: 'ឧបករណ៍ប្រមូល',
    dns: 'ឈ្មោះម៉ាស៊ីនមេ',
    tcp: 'ការភ្ជាប់ទៅម៉ាស៊ីនមេ',
    tls: 'ការភ្ជាប់សុវត្ថិភាព និងវិញ្ញាបនបត្រម៉ាស៊ីនមេ',
    certificate: 'វិញ្ញាបនបត្ររបស់ម៉ាស៊ីននេះ',
    server: 'ចម្លើយរបស់ម៉ាស៊ីនមេ',
    clock: 'នាឡិកា',
    disk: 'ទំហំថាស',
    spool: 'ឃ្លាំងបណ្ដោះអាសន្នលើថាស',
    geo: 'តារាងអាសយដ្ឋាន IP',
    inputs: 'ប្រភពកំណត់ហេតុ',
    input: 'ប្រភព',
  },
};

export const FAULT_TEXT: Readonly<Record<Language, Readonly<Record<Fault, Text>>>> = {
  vi: {
    config: {
      what: 'Không đọc được cấu hình.',
      todo: 'Sửa dòng được nêu, hoặc đăng ký lại bằng "haidang collector enrol".',
    },
    not_enrolled: {
      what: 'Máy này chưa được đăng ký.',
      todo: 'Xin tỉnh một mã đăng ký và chạy "haidang collector enrol --server https://MÁY-CHỦ:8443 --token MÃ".',
    },
    not_allowed: {
      what: 'Người dùng này không được phép đọc cấu hình.',
      todo: 'Chạy lại bằng quyền quản trị: thêm "sudo" vào trước lệnh.',
    },
    stopped: {
      what: 'Bộ thu thập không chạy, nên không có nhật ký nào được gửi.',
      todo: 'Chạy "systemctl enable --now haidang-collector"; nếu nó lại dừng, xem "journalctl -u haidang-collector -n 50". Không dùng dịch vụ thì chạy "haidang collector --config TỆP".',
    },
    dns: {
      what: 'Không tìm thấy địa chỉ của tên máy chủ.',
      todo: 'Kiểm tra tên trong "server" và máy chủ DNS của mạng.',
    },
    tcp: {
      what: 'Không tới được cổng của máy chủ.',
      todo: 'Mở tường lửa chiều đi tới địa chỉ và cổng này; hỏi tỉnh xem máy chủ có đang chạy.',
    },
    proxy: {
      what: 'Máy chủ trung gian (proxy) không cho qua.',
      todo: 'Kiểm tra "proxy" và cho phép CONNECT tới máy chủ.',
    },
    tls: {
      what: 'Không thiết lập được kết nối bảo mật.',
      todo: 'Kiểm tra đồng hồ và thiết bị kiểm soát TLS trên đường.',
    },
    authority: {
      what: 'Chứng thư của máy chủ không do đơn vị cấp chứng thư đã biết ký.',
      todo: 'Có thể có thiết bị chặn giữa đường, hoặc máy chủ đã cài lại: hãy xin mã mới và đăng ký lại.',
    },
    name: {
      what: 'Chứng thư của máy chủ không có tên này.',
      todo: 'Dùng địa chỉ do tỉnh cung cấp, hoặc nhờ tỉnh thêm tên vào "ingest_names".',
    },
    expired: { what: 'Chứng thư của máy này đã hết hạn.', todo: 'Xin mã mới và chạy "haidang collector enrol".' },
    expires: {
      what: 'Chứng thư của máy này sắp hết hạn mà chưa được gia hạn.',
      todo: 'Xem nhật ký của bộ thu thập; khi kết nối được, chứng thư tự gia hạn.',
    },
    not_yet: { what: 'Chứng thư của máy này chưa có hiệu lực theo đồng hồ này.', todo: 'Chỉnh lại đồng hồ.' },
    identity: {
      what: 'Khóa và chứng thư không đọc được hoặc không khớp nhau.',
      todo: 'Xin mã mới và chạy "haidang collector enrol".',
    },
    refused: {
      what: 'Máy chủ không chấp nhận chứng thư này.',
      todo: 'Chứng thư có thể đã bị thu hồi: hãy hỏi tỉnh và đăng ký lại bằng mã mới.',
    },
    copied: {
      what: 'Chứng thư này được dùng ở hai nơi.',
      todo: 'Ổ đĩa đã được sao chép hoặc chuyển máy: hãy xin mã mới và đăng ký lại máy này.',
    },
    answer: { what: 'Máy chủ trả lời không đúng.', todo: 'Gửi chi tiết cho tỉnh.' },
    clock: {
      what: 'Đồng hồ của máy lệch so với máy chủ.',
      todo: 'Bật đồng bộ thời gian (chrony hoặc systemd-timesyncd).',
    },
    geo: {
      what: 'Không dùng được bảng địa chỉ: sự kiện sẽ thiếu quốc gia và mạng.',
      todo: 'Đặt lại tệp MMDB nguyên vẹn vào đường dẫn này, hoặc bỏ nó khỏi "geo"; sự kiện vẫn được gửi.',
    },
    disk: { what: 'Đĩa gần đầy.', todo: 'Giải phóng dung lượng, hoặc chuyển "spool" sang đĩa khác.' },
    spool: { what: 'Không ghi được vào thư mục bộ đệm.', todo: 'Cho người dùng của dịch vụ quyền ghi thư mục này.' },
    spool_full: {
      what: 'Bộ đệm gần đầy: sự kiện chưa gửi được.',
      todo: 'Khôi phục kết nối tới máy chủ; nếu cần hãy tăng "spool_max".',
    },
    unreadable: {
      what: 'Không đọc được tệp nhật ký.',
      todo: 'Thêm người dùng của dịch vụ vào nhóm có quyền đọc (thường là "adm").',
    },
    hidden: {
      what: 'Dịch vụ không thấy thư mục này (thư mục riêng hoặc thư mục tạm).',
      todo: 'Ghi nhật ký vào "/var/log", hoặc chạy "systemctl edit haidang-collector" và đặt ProtectHome=read-only, PrivateTmp=no.',
    },
    absent: {
      what: 'Không có tệp nào khớp.',
      todo: 'Kiểm tra đường dẫn; nếu chương trình chưa chạy thì có thể bỏ qua.',
    },
    port: {
      what: 'Cổng đã bị chương trình khác dùng, hoặc không được phép.',
      todo: 'Dừng chương trình kia (thường là rsyslog), hoặc chọn cổng khác trên 1023.',
    },
    low_port: {
      what: 'Dịch vụ không được phép nghe cổng dưới 1024.',
      todo: 'Chọn cổng trên 1023, hoặc cấp quyền CAP_NET_BIND_SERVICE như trong hướng dẫn cài đặt.',
    },
    no_logs: {
      what: 'Không tìm thấy nhật ký nào đọc được trên máy này (cả journal lẫn "/var/log").',
      todo: 'Ghi đường dẫn các tệp nhật ký vào "inputs" trong collector.yaml, và thêm người dùng của dịch vụ vào nhóm có quyền đọc.',
    },
    journal: {
      what: 'Không đọc được journal của hệ thống.',
      todo: 'Thêm người dùng của dịch vụ vào nhóm "systemd-journal".',
    },
  },
  en: {
    config: {
      what: 'The configuration cannot be read.',
      todo: 'Correct the named line, or enrol again with "haidang collector enrol".',
    },
    not_enrolled: {
      what: 'This machine is not enrolled yet.',
      todo: 'Ask the province for a token and run "haidang collector enrol --server https://SERVER:8443 --token TOKEN".',
    },
    not_allowed: {
      what: 'This user may not read the configuration.',
      todo: 'Run it again as the administrator: put "sudo" before the command.',
    },
    stopped: {
      what: 'The collector does not run, so no log is sent.',
      todo: 'Run "systemctl enable --now haidang-collector"; where it stops again, see "journalctl -u haidang-collector -n 50". Without the service: "haidang collector --config FILE".',
    },
    dns: {
      what: 'The name of the server has no address.',
      todo: 'Check the name in "server", and the DNS servers of this network.',
    },
    tcp: {
      what: 'The port of the server cannot be reached.',
      todo: 'Let the firewall pass connections to this address and port; ask the province whether the server runs.',
    },
    proxy: {
      what: 'The proxy does not let it through.',
      todo: 'Check "proxy", and allow CONNECT to the server there.',
    },
    tls: {
      what: 'No secure connection came about.',
      todo: 'Check the clock, and devices on the way that look into TLS.',
    },
    authority: {
      what: 'The certificate of the server is not signed by the authority that this machine knows.',
      todo: 'A device on the way may be intercepting, or the server was installed anew: ask for a new token and enrol again.',
    },
    name: {
      what: 'The certificate of the server does not have this name.',
      todo: 'Use the address that the province gave, or have it added to "ingest_names" there.',
    },
    expired: {
      what: 'The certificate of this machine has expired.',
      todo: 'Ask for a new token and run "haidang collector enrol".',
    },
    expires: {
      what: 'The certificate of this machine ends soon and was not renewed.',
      todo: 'See the log of the collector; once it is connected it renews by itself.',
    },
    not_yet: { what: 'The certificate of this machine is not valid yet by this clock.', todo: 'Set the clock right.' },
    identity: {
      what: 'Key and certificate cannot be read, or do not belong together.',
      todo: 'Ask for a new token and run "haidang collector enrol".',
    },
    refused: {
      what: 'The server does not accept this certificate.',
      todo: 'It may have been revoked: ask the province, and enrol again with a new token.',
    },
    copied: {
      what: 'This certificate is in use in two places.',
      todo: 'The disk was copied, or moved to another machine: ask for a new token and enrol this machine again.',
    },
    answer: { what: 'The server answers wrongly.', todo: 'Send the detail to the province.' },
    clock: {
      what: 'The clock of this machine differs from that of the server.',
      todo: 'Turn on time synchronization (chrony or systemd-timesyncd).',
    },
    geo: {
      what: 'A table of addresses cannot be used: events go without country and network.',
      todo: 'Put a whole MMDB file there, or take it out of "geo"; events are sent all the same.',
    },
    disk: { what: 'The disk is almost full.', todo: 'Free space, or move "spool" to another disk.' },
    spool: {
      what: 'The folder of the disk buffer cannot be written.',
      todo: 'Give the user of the service the right to write this folder.',
    },
    spool_full: {
      what: 'The disk buffer is almost full: events could not be sent.',
      todo: 'Restore the connection to the server; where needed raise "spool_max".',
    },
    unreadable: {
      what: 'A log file cannot be read.',
      todo: 'Add the user of the service to the group that may read it (mostly "adm").',
    },
    hidden: {
      what: 'The service does not see this folder (a home folder or a temporary one).',
      todo: 'Write the log below "/var/log", or run "systemctl edit haidang-collector" and set ProtectHome=read-only, PrivateTmp=no.',
    },
    absent: {
      what: 'No file fits.',
      todo: 'Check the path; where the program has not run yet, nothing needs to be done.',
    },
    port: {
      what: 'The port is in use by another program, or not allowed.',
      todo: 'Stop that program (mostly rsyslog), or choose another port above 1023.',
    },
    low_port: {
      what: 'The service may not listen on ports below 1024.',
      todo: 'Choose a port above 1023, or grant CAP_NET_BIND_SERVICE as the installation guide shows.',
    },
    no_logs: {
      what: 'No log that can be read was found on this machine, neither the journal nor one below "/var/log".',
      todo: 'Name the log files under "inputs" in collector.yaml, and add the user of the service to the group that may read them.',
    },
    journal: {
      what: 'The journal of the system cannot be read.',
      todo: 'Add the user of the service to the group "systemd-journal".',
    },
  },
  km: {
    config: {
      what: 'មិនអាចអានឯកសារកំណត់រចនាសម្ព័ន្ធបានទេ។',
      todo: 'កែបន្ទាត់ដែលបានបញ្ជាក់ ឬចុះឈ្មោះម្ដងទៀតដោយ "haidang collector enrol"។',
    },
    not_enrolled: {
      what: 'ម៉ាស៊ីននេះមិនទាន់បានចុះឈ្មោះទេ។',
      todo: 'សុំលេខកូដចុះឈ្មោះពីខេត្ត ហើយដំណើរការ "haidang collector enrol --server https://ម៉ាស៊ីនមេ:8443 --token លេខកូដ"។',
    },
    not_allowed: {
      what: 'អ្នកប្រើនេះគ្មានសិទ្ធិអានការកំណត់ទេ។',
      todo: 'ដំណើរការម្ដងទៀតជាអ្នកគ្រប់គ្រង៖ ដាក់ "sudo" នៅមុខពាក្យបញ្ជា។',
    },
    stopped: {
      what: 'ឧបករណ៍ប្រមូលមិនដំណើរការទេ ដូច្នេះគ្មានកំណត់ហេតុណាត្រូវបានផ្ញើឡើយ។',
      todo: 'ដំណើរការ "systemctl enable --now haidang-collector" បើវាឈប់ម្ដងទៀត សូមមើល "journalctl -u haidang-collector -n 50"។ បើមិនប្រើសេវាកម្ម៖ "haidang collector --config ឯកសារ"។',
    },
    dns: { what: 'រកមិនឃើញអាសយដ្ឋានរបស់ឈ្មោះម៉ាស៊ីនមេទេ។', todo: 'ពិនិត្យឈ្មោះក្នុង "server" និងម៉ាស៊ីន DNS របស់បណ្ដាញ។' },
    tcp: {
      what: 'មិនអាចទៅដល់ច្រករបស់ម៉ាស៊ីនមេបានទេ។',
      todo: 'បើកជញ្ជាំងភ្លើងឱ្យចេញទៅអាសយដ្ឋាន និងច្រកនេះ ហើយសួរខេត្តថាម៉ាស៊ីនមេកំពុងដំណើរការឬទេ។',
    },
    proxy: { what: 'ម៉ាស៊ីនប្រូកស៊ីមិនអនុញ្ញាតឱ្យឆ្លងកាត់ទេ។', todo: 'ពិនិត្យ "proxy" ហើយអនុញ្ញាត CONNECT ទៅម៉ាស៊ីនមេ។' },
    tls: { what: 'មិនអាចបង្កើតការភ្ជាប់សុវត្ថិភាពបានទេ។', todo: 'ពិនិត្យនាឡិកា និងឧបករណ៍ត្រួតពិនិត្យ TLS នៅតាមផ្លូវ។' },
    authority: {
      what: 'វិញ្ញាបនបត្រម៉ាស៊ីនមេមិនបានចុះហត្ថលេខាដោយអាជ្ញាធរដែលម៉ាស៊ីននេះស្គាល់ទេ។',
      todo: 'អាចមានឧបករណ៍ស្ទាក់ចាប់ ឬម៉ាស៊ីនមេត្រូវបានដំឡើងថ្មី៖ សូមសុំលេខកូដថ្មី ហើយចុះឈ្មោះម្ដងទៀត។',
    },
    name: { what: 'វិញ្ញាបនបត្រម៉ាស៊ីនមេមិនមានឈ្មោះនេះទេ។', todo: 'ប្រើអាសយដ្ឋានដែលខេត្តផ្ដល់ ឬសុំឱ្យបន្ថែមឈ្មោះក្នុង "ingest_names"។' },
    expired: { what: 'វិញ្ញាបនបត្ររបស់ម៉ាស៊ីននេះបានផុតកំណត់។', todo: 'សុំលេខកូដថ្មី ហើយដំណើរការ "haidang collector enrol"។' },
    expires: { what: 'វិញ្ញាបនបត្រជិតផុតកំណត់ ហើយមិនទាន់បានបន្ត។', todo: 'មើលកំណត់ហេតុរបស់ឧបករណ៍ប្រមូល ពេលភ្ជាប់បាន វានឹងបន្តដោយខ្លួនឯង។' },
    not_yet: { what: 'តាមនាឡិកានេះ វិញ្ញាបនបត្រមិនទាន់មានសុពលភាព។', todo: 'កែនាឡិកាឱ្យត្រូវ។' },
    identity: { what: 'មិនអាចអានសោ និងវិញ្ញាបនបត្រ ឬវាមិនត្រូវគ្នា។', todo: 'សុំលេខកូដថ្មី ហើយដំណើរការ "haidang collector enrol"។' },
    refused: { what: 'ម៉ាស៊ីនមេមិនទទួលយកវិញ្ញាបនបត្រនេះទេ។', todo: 'វាអាចត្រូវបានដកហូត៖ សូមសួរខេត្ត ហើយចុះឈ្មោះម្ដងទៀតដោយលេខកូដថ្មី។' },
    copied: {
      what: 'វិញ្ញាបនបត្រនេះកំពុងប្រើនៅពីរកន្លែង។',
      todo: 'ថាសត្រូវបានចម្លង ឬប្ដូរម៉ាស៊ីន៖ សូមសុំលេខកូដថ្មី ហើយចុះឈ្មោះម៉ាស៊ីននេះម្ដងទៀត។',
    },
    answer: { what: 'ម៉ាស៊ីនមេឆ្លើយមិនត្រឹមត្រូវ។', todo: 'ផ្ញើព័ត៌មានលម្អិតទៅខេត្ត។' },
    clock: { what: 'នាឡិកាម៉ាស៊ីននេះខុសពីម៉ាស៊ីនមេ។', todo: 'បើកការធ្វើសមកាលកម្មម៉ោង (chrony ឬ systemd-timesyncd)។' },
    geo: {
      what: 'មិនអាចប្រើតារាងអាសយដ្ឋានបានទេ៖ ព្រឹត្តិការណ៍នឹងគ្មានប្រទេស និងបណ្ដាញ។',
      todo: 'ដាក់ឯកសារ MMDB ពេញលេញនៅទីនោះ ឬដកវាចេញពី "geo" ព្រឹត្តិការណ៍នៅតែត្រូវបានផ្ញើ។',
    },
    disk: { what: 'ថាសជិតពេញ។', todo: 'ធ្វើឱ្យមានទំហំទំនេរ ឬប្ដូរ "spool" ទៅថាសផ្សេង។' },
    spool: { what: 'មិនអាចសរសេរក្នុងថតឃ្លាំងបណ្ដោះអាសន្នបានទេ។', todo: 'ផ្ដល់សិទ្ធិសរសេរថតនេះដល់អ្នកប្រើរបស់សេវាកម្ម។' },
    spool_full: {
      what: 'ឃ្លាំងបណ្ដោះអាសន្នជិតពេញ៖ ព្រឹត្តិការណ៍មិនទាន់ផ្ញើបាន។',
      todo: 'ស្ដារការភ្ជាប់ទៅម៉ាស៊ីនមេ បើចាំបាច់ បង្កើន "spool_max"។',
    },
    unreadable: { what: 'មិនអាចអានឯកសារកំណត់ហេតុបានទេ។', todo: 'បន្ថែមអ្នកប្រើរបស់សេវាកម្មទៅក្រុមដែលមានសិទ្ធិអាន (ភាគច្រើន "adm")។' },
    hidden: {
      what: 'សេវាកម្មមើលមិនឃើញថតនេះទេ (ថតផ្ទាល់ខ្លួន ឬថតបណ្ដោះអាសន្ន)។',
      todo: 'សរសេរកំណត់ហេតុក្នុង "/var/log" ឬដំណើរការ "systemctl edit haidang-collector" ហើយកំណត់ ProtectHome=read-only, PrivateTmp=no។',
    },
    absent: { what: 'គ្មានឯកសារណាត្រូវគ្នាទេ។', todo: 'ពិនិត្យផ្លូវឯកសារ បើកម្មវិធីមិនទាន់ដំណើរការ មិនចាំបាច់ធ្វើអ្វីទេ។' },
    port: {
      what: 'ច្រកកំពុងប្រើដោយកម្មវិធីផ្សេង ឬមិនត្រូវបានអនុញ្ញាត។',
      todo: 'បញ្ឈប់កម្មវិធីនោះ (ភាគច្រើន rsyslog) ឬជ្រើសច្រកផ្សេងលើ 1023។',
    },
    low_port: {
      what: 'សេវាកម្មមិនត្រូវបានអនុញ្ញាតឱ្យស្ដាប់ច្រកក្រោម 1024 ទេ។',
      todo: 'ជ្រើសច្រកលើ 1023 ឬផ្ដល់សិទ្ធិ CAP_NET_BIND_SERVICE ដូចក្នុងការណែនាំដំឡើង។',
    },
    no_logs: {
      what: 'រកមិនឃើញកំណត់ហេតុដែលអាចអានបានលើម៉ាស៊ីននេះទេ ទាំង journal និងក្នុង "/var/log"។',
      todo: 'សរសេរផ្លូវឯកសារកំណត់ហេតុក្រោម "inputs" ក្នុង collector.yaml ហើយបន្ថែមអ្នកប្រើរបស់សេវាកម្មទៅក្រុមដែលមានសិទ្ធិអាន។',
    },
    journal: { what: 'មិនអាចអាន journal របស់ប្រព័ន្ធបានទេ។', todo: 'បន្ថែមអ្នកប្រើរបស់សេវាកម្មទៅក្រុម "systemd-journal"។' },
  },
};

/** How each finding begins and what stands before the advice. */
export const DOCTOR_WORDS: Readonly<
  Record<
    Language,
    { readonly ok: string; readonly bad: string; readonly note: string; readonly todo: string; readonly all: string }
  >
> = {
  vi: { ok: 'tốt', bad: 'LỖI', note: 'lưu ý', todo: 'Cần làm', all: 'Mọi thứ đều tốt.' },
  en: { ok: 'well', bad: 'WRONG', note: 'note', todo: 'To do', all: 'All is well.' },
  km: { ok: 'ល្អ', bad: 'មានបញ្ហា', note: 'ចំណាំ', todo: 'ត្រូវធ្វើ', all: 'អ្វីៗទាំងអស់ល្អ។' },
};
