// What is known of an example cut off anywhere.

import { describeDamage } from './describe';

describeDamage('cut off');
