import type { Severity } from '../../rules/rule.ts';
import type { IncidentOutcome, IncidentStatus } from '../incidents/record.ts';
import type { RequestState } from '../requests/record.ts';

/** Words of the Vietnamese form for what the incident keeps as keys; a test holds them to what there is. */
export const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
  informational: 'Thông tin',
  low: 'Thấp',
  medium: 'Trung bình',
  high: 'Cao',
  critical: 'Nghiêm trọng',
};

export const STATUS_WORDS: Readonly<Record<IncidentStatus, string>> = {
  open: 'mới mở',
  investigating: 'đang điều tra',
  contained: 'đã khoanh vùng',
  resolved: 'đã khắc phục',
  closed: 'đã đóng',
  merged: 'đã gộp',
};

export const OUTCOME_WORDS: Readonly<Record<IncidentOutcome, string>> = {
  confirmed: 'Sự cố có thật',
  false_alarm: 'Báo động nhầm',
  duplicate: 'Trùng với sự cố khác',
};

export const REQUEST_WORDS: Readonly<Record<RequestState, string>> = {
  asked: 'chưa đọc',
  read: 'đã đọc, chưa trả lời',
  overdue: 'quá hạn, chưa trả lời',
  answered: 'đã trả lời',
  closed: 'đã kết thúc',
};

/** Classes of the Reference Security Incident Taxonomy. */
export const CLASS_WORDS: Readonly<Record<string, string>> = {
  'abusive-content': 'Nội dung xấu',
  'malicious-code': 'Mã độc',
  'information-gathering': 'Thu thập thông tin',
  'intrusion-attempts': 'Cố gắng xâm nhập',
  intrusions: 'Xâm nhập',
  availability: 'Tính sẵn sàng',
  'information-content-security': 'An toàn nội dung thông tin',
  fraud: 'Lừa đảo',
  vulnerable: 'Lỗ hổng',
  other: 'Khác',
  test: 'Diễn tập',
};
