import { OPENSEARCH_2_SECURE } from './opensearch-install.ts';
import { keepingCases } from './opensearch-keeping.ts';

keepingCases('OpenSearch 2.19 by a user of least privilege', OPENSEARCH_2_SECURE);
