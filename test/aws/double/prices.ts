/** Prices of the double's bill, in USD; of 2026-11, us-west-2, rounded: tests compare with them, nobody pays them. */
export const DOUBLE_PRICES = {
  date: '2026-11-01',
  /** On demand, per hour, by instance type. */
  instanceHour: {
    't3.micro': 0.0104,
    't3.small': 0.0208,
    't3.medium': 0.0416,
    't3.large': 0.0832,
    'm5.large': 0.096,
    'i3en.large': 0.226,
    'i3en.3xlarge': 1.356,
  } as Readonly<Record<string, number>>,
  /** Of any other type. */
  otherInstanceHour: 0.1,
  /** Part of the price on demand that a spot instance costs. */
  spotShare: 0.35,
  /** gp3, per GB and month of 730 hours. */
  gigabyteMonth: 0.08,
  /** Each public IPv4 address, per hour. */
  publicAddressHour: 0.005,
} as const
