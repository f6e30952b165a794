/** The threads by which Node works on files are four; more in waiting keep them busy. */
const AT_ONCE = 16;

/**
 * Does something with each item, with 16 at once. When one fails, none is begun any more, and those under way are waited for.
 * @returns the results in the order of the items.
 */
export async function inParallel<T, R>(items: Iterable<T>, act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = [...items].entries();
  let hasFailed = false;
  const work = async (): Promise<void> => {
    for (const [index, item] of rest) {
      try {
        results[index] = await act(item);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
      if (hasFailed) return;
    }
  };
  const workers = Array.from({ length: AT_ONCE }, work);
  await Promise.allSettled(workers);
  await Promise.all(workers);
  return results;
}
