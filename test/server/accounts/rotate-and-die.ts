import { openAudit } from '../../../server/accounts/audit.ts';
import { openSecretKeys } from '../../../server/accounts/secret-keys.ts';
import type { RecordStore, RecordView } from '../../../server/store/record-store.ts';
import { openAnyStore } from '../store/any-store.ts';

/** Changes the key of a data folder, and is killed in the middle: at the record with this number. */
const [, , data = '', store = '', at = '1'] = process.argv;
const { records } = await openAnyStore(store);
let written = 0;

/** The same object with one method of its own. */
function withOwn<T extends object>(object: T, own: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const dying: RecordStore = withOwn(records, {
  as(identity) {
    const view = records.as(identity);
    const replace: RecordView['replace'] = (...change) => {
      written += 1;
      if (written === Number(at)) process.kill(process.pid, 'SIGKILL');
      return view.replace(...change);
    };
    return withOwn(view, { replace });
  },
});
await openSecretKeys({ data, records: dying, audit: openAudit(records) }).rotate('test');
