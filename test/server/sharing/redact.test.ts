import { describe, expect, it } from 'vitest';
import { findSecrets, MOST_TEXT, redact } from '../../../server/sharing/redact.ts';

describe('texts lose what must not leave', () => {
  const cases: [string, string][] = [
    ['CCCD 092190001234 của ông A', 'CCCD [citizen-id] của ông A'],
    ['CMND 362123456.', 'CMND [citizen-id].'],
    ['căn cước 092 190 001234', 'căn cước [citizen-id]'],
    ['gọi 0912345678 hoặc +84 912 345 678', 'gọi [phone] hoặc [phone]'],
    ['gọi 0292.3820.000', 'gọi [phone]'],
    ['gọi 0903 123 456 2 lần', 'gọi [phone] 2 lần'],
    ['ĐT.0903123456.', 'ĐT.[phone].'],
    ['gọi (0292) 3820 000, (090) 312-3456', 'gọi ([phone], ([phone]'],
    ['CCCD.092190001234', 'CCCD.[citizen-id]'],
    ['máy 10.20.30.40 và fe80::1', 'máy [internal-address] và [internal-address]'],
    ['từ 203.0.113.7 tới 192.168.1.5', 'từ 203.0.113.7 tới [internal-address]'],
    ['password=Tinh@2026 rồi', '[credential] rồi'],
    ['mật khẩu là hoaHuongDuong9', '[credential]'],
    ['{"api_key":"abc def","x":1}', '{"[credential],"x":1}'],
    ['Authorization: Bearer abcdefgh.ijkl', 'Authorization: [credential]'],
    ['https://lan:bimat@web.example/x', 'https://[credential]@web.example/x'],
    ['thư của lan.nguyen@cantho.gov.vn', 'thư của [mail-address]'],
    ['thẻ 4111 1111 1111 1111', 'thẻ [bank-card]'],
    ['eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2ln', '[token]'],
    ['-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----', '[private-key]'],
    ['-----BEGIN PRIVATE KEY-----\nabc và hết', '[private-key]'],
  ];
  it.each(cases)('%s', (text, expected) => {
    expect(redact(text).text).toBe(expected);
  });

  it.each([
    'CVE-2026-12345 trên 203.0.113.7:8443',
    'lúc 2026-11-23 04:05:06, 1.500.000 sự kiện',
    'd41d8cd98f00b204e9800998ecf8427e',
    '2001:db8::7',
    'evil.example, phiên bản 10.2.1',
  ])('and leave alone: %s', (text) => {
    expect(redact(text)).toEqual({ text, cuts: [] });
  });

  it('end at the longest text, and take no longer for hostile ones', () => {
    for (const text of ['-----BEGIN '.repeat(5_000), '0 '.repeat(50_000), 'a@'.repeat(50_000), ':'.repeat(50_000)])
      expect(redact(text).text.length).toBeLessThanOrEqual(MOST_TEXT * 2);
    expect(redact('x'.repeat(MOST_TEXT + 10)).text.length).toBe(MOST_TEXT);
    expect(findSecrets('password=x '.repeat(3_000)).length).toBeLessThanOrEqual(2_000);
  });
});
