import { keepingCases } from './opensearch-keeping.ts';
import { OPENSEARCH_2_SECURE } from './opensearch-node.ts';

keepingCases('OpenSearch 2.19 by a user of least privilege', OPENSEARCH_2_SECURE);
