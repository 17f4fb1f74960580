import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import { storeConformance } from './conformance.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };

storeConformance('embedded', (folder, now) => openEmbeddedStore({ folder, now, log, reserveBytes: 0 }));
