// What is known of an example with two tokens swapped anywhere.

import { describeDamage } from './describe';

describeDamage('with two tokens swapped');
