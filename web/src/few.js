/** Waits for `work` with each of the items, at most so many at once, in their order. */
export async function fewAtOnce(items, most, work) {
  const left = [...items];
  const worker = async () => { while (left.length) await work(left.shift()); };
  await Promise.all(Array.from({length: most}, worker));
}
