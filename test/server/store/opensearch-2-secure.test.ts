import { OPENSEARCH_2_SECURE } from './opensearch-install.ts';
import { openSearchSuite } from './opensearch-suite.ts';

openSearchSuite('OpenSearch 2.19 with TLS, users and a role of least privilege', OPENSEARCH_2_SECURE);
