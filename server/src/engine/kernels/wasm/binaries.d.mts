/** The kernels as base64, with multiply and add. */
export const baseline: string;
/** The same with relaxed fused multiply-add. */
export const relaxed: string;
