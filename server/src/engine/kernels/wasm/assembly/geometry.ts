// How a convolution reads its input, as 32-bit numbers: channels and entries per channel; the input's depth, height and width; the output's; kernel, stride,
// padding and dilation along the three axes; and whether it is computed in tiles, as in winograd.ts.

export const CHANNELS: usize = 0, VOLUME: usize = 4;
export const INPUT: usize = 8, OUTPUT: usize = 20, KERNEL: usize = 32, STRIDE: usize = 44, PADDING: usize = 56, DILATION: usize = 68, TILED: usize = 80;

/** A number of one axis: of the depth, the height or the width. */
// @ts-ignore: decorator
@inline
export function along(geometry: usize, what: usize, axis: i32): i32 {
  return load<i32>(geometry + what + (<usize>axis << 2));
}

// @ts-ignore: decorator
@inline
export function volumeOf(geometry: usize, what: usize): i32 {
  return along(geometry, what, 0) * along(geometry, what, 1) * along(geometry, what, 2);
}

/** How many places of the input lie between the first and the last that `outputs` neighbours read along an axis, and these two. */
// @ts-ignore: decorator
@inline
export function reach(geometry: usize, axis: i32, outputs: i32): i32 {
  return (outputs - 1) * along(geometry, STRIDE, axis) + (along(geometry, KERNEL, axis) - 1) * along(geometry, DILATION, axis) + 1;
}
