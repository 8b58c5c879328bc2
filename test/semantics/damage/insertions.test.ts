// What is known of an example with a token put in anywhere.

import { describeDamage } from './describe';

describeDamage('with a token put in');
