// What is known of an example with a token taken out anywhere.

import { describeDamage } from './describe';

describeDamage('with a token taken out');
