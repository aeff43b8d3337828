/** How far an update is from what the server computed of the same unit. */
export interface Distance {
  /** The norm of the difference over the norm of the server's update. */
  relative: number;
  /** Of the angle between them: 1 where they point the same way, -1 where they point opposite ways. */
  cosine: number;
}

/** The distance of an update from the server's own, both of one length; infinite where one alone is zero. */
export function distanceOf(update: Float32Array, own: Float32Array): Distance {
  let difference = 0;
  let ofUpdate = 0;
  let ofOwn = 0;
  let product = 0;
  for (let index = 0; index < own.length; index++) {
    const left = update[index] ?? NaN;
    const right = own[index] ?? NaN;
    difference += (left - right) ** 2;
    ofUpdate += left * left;
    ofOwn += right * right;
    product += left * right;
  }
  if (difference === 0) return { relative: 0, cosine: 1 };
  return {
    relative: ofOwn === 0 ? Infinity : Math.sqrt(difference / ofOwn),
    cosine: ofUpdate === 0 || ofOwn === 0 ? 0 : product / Math.sqrt(ofUpdate * ofOwn),
  };
}
