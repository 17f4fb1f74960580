import { OPENSEARCH_3 } from './opensearch-install.ts';
import { openSearchSuite } from './opensearch-suite.ts';

openSearchSuite('OpenSearch 3', OPENSEARCH_3);
