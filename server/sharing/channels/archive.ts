import { createHash } from 'node:crypto';
import type { PublicSharingKey } from '../keys.ts';
import type { Channel, Shipment } from './channel.ts';
import { writtenReceipts } from './written.ts';
import { type ZipEntry, zip } from './zip.ts';

/** Puts versions into a folder as signed archives, for somebody to carry to the recipient. */
export function archiveChannel(folder: string, key: PublicSharingKey): Channel {
  return {
    async deliver(shipment, voyage) {
      const name = `${shipment.incident}-${shipment.recipient}-v${shipment.number}.zip`;
      await voyage.check();
      return writtenReceipts(folder, name, archiveOf(shipment, key), shipment);
    },
    close: () => undefined,
  };
}

/** The archive of a version: bundle, signature, what proves the signature, a list of it all, and how to check it. */
export function archiveOf(shipment: Omit<Shipment, 'progress' | 'mayBeThere'>, key: PublicSharingKey): Buffer {
  const { incident, recipient, number, body, signature, sha256 } = shipment;
  const files: ZipEntry[] = [
    { name: 'bundle.json', bytes: Buffer.from(body) },
    { name: 'bundle.json.jws', bytes: Buffer.from(`${signature}\n`) },
    { name: 'key.json', bytes: Buffer.from(`${JSON.stringify(key, null, 2)}\n`) },
    { name: 'DOC-TRUOC.txt', bytes: Buffer.from(readme({ incident, recipient, number, sha256 })) },
  ];
  const listed = files.map(({ name, bytes }) => {
    return { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
  const manifest = { incident, recipient, version: number, files: listed };
  return zip([...files, { name: 'manifest.json', bytes: Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`) }]);
}

function readme({
  incident,
  recipient,
  number,
  sha256,
}: Pick<Shipment, 'incident' | 'recipient' | 'number' | 'sha256'>) {
  return `Gói chia sẻ sự cố an ninh mạng
===============================

Sự cố:      ${incident}
Nơi nhận:   ${recipient}
Phiên bản:  ${number}
SHA-256 của bundle.json:
            ${sha256}

Trong gói có:
  bundle.json       nội dung, theo STIX 2.1
  bundle.json.jws   chữ ký số tách rời (JWS, RFC 7515 và RFC 7797, ES256)
  key.json          khóa công khai và xác nhận của cơ quan chứng thực cấp tỉnh
  manifest.json     danh sách tệp kèm SHA-256

Cách kiểm tra:
  1. So SHA-256 của từng tệp với manifest.json.
  2. Tính dấu vân tay khóa (RFC 7638) từ "jwk" trong key.json; nó phải bằng "kid".
  3. Kiểm tra "vouched" là chữ ký của chứng thư "authority" trên "kid" (ECDSA, SHA-256),
     và chứng thư đó đúng là chứng thư đã được tỉnh trao tay từ trước.
  4. Kiểm tra chữ ký: phần đầu của bundle.json.jws, dấu chấm, rồi nguyên văn bundle.json.
  5. Trong phần đầu của chữ ký, "inc", "rcp", "ver" phải đúng với sự cố, nơi nhận, phiên bản ở trên.

Nội dung chịu dấu chia sẻ TLP 2.0 ghi trong bundle.json. Khi nhận, xin ghi số biên nhận và gửi lại
cho trung tâm giám sát của tỉnh.
`;
}
